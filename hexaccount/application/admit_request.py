from dataclasses import dataclass

from hexaccount.application.limit_table import Policy
from hexaccount.application.messages import Command
from hexaccount.application.network import network_of
from hexaccount.application.turnstile import Claim, Turnstile
from hexaccount.domain.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitRequest(Command[Standing | None]):
    """Count a request of a client; the answer is how they stand with the limit, None where nothing is limited."""

    policy: Policy
    client_address: str


def admit_request(command: AdmitRequest, *, turnstile: Turnstile) -> Standing | None:
    """Count a request; raises TooManyAttempts."""
    return turnstile.admit([Claim(command.policy, (network_of(command.client_address),))]).standing
