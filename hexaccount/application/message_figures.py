"""What is counted of the messages on the bus."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from hexaccount.application.log_in import LogIn
from hexaccount.application.measures import LOGINS, MESSAGES
from hexaccount.application.messages import Message
from hexaccount.application.ports.metrics import Metrics
from hexaccount.application.ports.password_hasher import HashingOverloaded
from hexaccount.domain.errors import Refusal


@dataclass(frozen=True, slots=True)
class MessageFigures:
    """Takes down of each message its type, how it ended and how long it took."""

    metrics: Metrics

    def __call__(self, message: Message[Any], call: Callable[[], Any]) -> Any:
        """Have a message handled."""
        began = perf_counter()
        outcome = "failed"
        try:
            answer = call()
            outcome = "done"
        except Refusal:
            outcome = "refused"
            raise
        finally:
            self.metrics.observe(MESSAGES, perf_counter() - began, type(message).__name__, outcome)
        return answer


class LoginFigures:
    """Counts logins by what became of them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        for outcome in ("succeeded", "wrong_credentials", "too_many_attempts"):
            metrics.expect(LOGINS, outcome)

    def __call__(self, message: Message[Any], call: Callable[[], Any]) -> Any:
        """Have a message handled."""
        if type(message) is not LogIn:
            return call()
        outcome = "failed"
        try:
            answer = call()
            outcome = "succeeded"
        except Refusal as refusal:
            outcome = refusal.code
            raise
        except HashingOverloaded:
            outcome = "overloaded"
            raise
        finally:
            self._metrics.add(LOGINS, 1, outcome)
        return answer
