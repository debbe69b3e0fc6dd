"""Measures the messages on the bus."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.messages import Message
from hexaccount.kernel.metrics import Metrics
from hexaccount.observability.metrics import MESSAGES
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.metrics import LOGINS
from hexaccount.passwords.ports import HashingOverloaded


class MessageMetrics:
    """A middleware that records the type, outcome and duration of each message, and the outcomes of logins."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        for outcome in ("succeeded", "wrong_credentials", "too_many_attempts"):
            metrics.declare(LOGINS, outcome)

    def __call__(self, message: Message[Any], call: Callable[[], Any]) -> Any:
        """Handle a message."""
        began = perf_counter()
        try:
            answer = call()
        except BaseException as error:
            outcome = "refused" if isinstance(error, Refusal) else "failed"
            self._record(message, began, outcome, _outcome_of_login(error))
            raise
        self._record(message, began, "done", "succeeded")
        return answer

    def _record(self, message: Message[Any], began: float, outcome: str, login: str) -> None:
        kind = type(message)
        self._metrics.observe(MESSAGES, perf_counter() - began, kind.__name__, outcome)
        if kind is LogIn:
            self._metrics.add(LOGINS, 1, login)


def _outcome_of_login(error: BaseException) -> str:
    match error:
        case Refusal():
            return error.code
        case HashingOverloaded():
            return "overloaded"
    return "failed"
