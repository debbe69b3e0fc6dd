"""Proof of an e-mail address, and recovery of an account whose password is forgotten."""

from typing import Annotated, TypeAlias

from msgspec import Meta

from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.mail.complete_recovery import COMPLETE_RECOVERY, CompleteRecovery
from hexaccount.mail.errors import InvalidOneTimeToken, MailNotConfigured
from hexaccount.mail.one_time_token import OneTimeToken
from hexaccount.mail.request_recovery import REQUEST_RECOVERY, RequestRecovery
from hexaccount.mail.request_verification import RequestVerification
from hexaccount.mail.verify_email import VERIFY, VerifyEmail
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount_flask.logins import LoginName
from hexaccount_flask.passwords import NewPassword
from hexaccount_flask.web.authentication import SignedIn, challenge
from hexaccount_flask.web.bodies import RequestModel
from hexaccount_flask.web.fields import AnyText, text
from hexaccount_flask.web.operations import Routes
from hexaccount_flask.web.problems import ProblemType
from hexaccount_flask.web.responses import Accepted, Done

GivenOneTimeToken: TypeAlias = Annotated[
    AnyText,
    Meta(max_length=256),
    text(f"The token of a link, which stands behind its `#`: {OneTimeToken.pattern}.", "hxo_" + "Tq4c0v2Y" * 8),
]

routes = Routes(
    {InvalidOneTimeToken: ProblemType(401, headers=lambda _: challenge()), MailNotConfigured: ProblemType(404)}
)


class RecoveryRequest(RequestModel, frozen=True, kw_only=True):
    """The account to recover."""

    user_name: LoginName


class CompletionRequest(RequestModel, frozen=True, kw_only=True):
    """The token of the message, and the new password."""

    token: GivenOneTimeToken
    password: NewPassword


class VerificationRequest(RequestModel, frozen=True, kw_only=True):
    """The token of the message."""

    token: GivenOneTimeToken


@routes.add("POST", "/api/v1/public/recovery", tag="account", limit=REQUEST_RECOVERY, errors=[MailNotConfigured])
def request_recovery(bus: MessageBus, body: RecoveryRequest) -> Accepted:
    """Ask for a new password.

    The owner of the account gets a message at its address. The answer and the work are the same for a name that no
    account has, and where the account has got too many messages already. The last three tokens are valid until one is
    used.
    """
    bus.handle(RequestRecovery(login=body.user_name))
    return Accepted()


@routes.add(
    "POST",
    "/api/v1/public/recovery/complete",
    tag="account",
    request_class="password",
    limit=COMPLETE_RECOVERY,
    errors=[InvalidOneTimeToken, HashingOverloaded, StaleVersion],
)
def complete_recovery(bus: MessageBus, body: CompletionRequest) -> Done:
    """Choose a new password by the token of a message.

    All sessions end, and the `device` texts of all devices become invalid. The address is verified by it. A password
    that is refused does not use the token up.
    """
    bus.handle(CompleteRecovery.of_text(token=body.token, password=body.password))
    return Done()


@routes.add("POST", "/api/v1/public/verify", tag="account", limit=VERIFY, errors=[InvalidOneTimeToken, StaleVersion])
def verify_email(bus: MessageBus, body: VerificationRequest) -> Done:
    """Verify the address of an account by the token of a message."""
    bus.handle(VerifyEmail(token=body.token))
    return Done()


@routes.add("POST", "/api/v1/me/verification", tag="me", errors=[MailNotConfigured, TooManyAttempts])
def request_verification(bus: MessageBus, caller: SignedIn) -> Accepted:
    """Send the message again by which you verify your address; none is sent once it is verified."""
    bus.handle(RequestVerification(user_id=caller.user.id))
    return Accepted()
