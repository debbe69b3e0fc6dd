"""What is counted of the messages on the bus."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from hexaccount.application.log_in import LogIn
from hexaccount.application.measures import LOGINS, MESSAGES
from hexaccount.application.messages import Message
from hexaccount.application.ports.metrics import Metrics
from hexaccount.application.ports.password_hasher import HashingOverloaded
from hexaccount.domain.errors import Refusal


class MessageFigures:
    """Takes down of each message its type, how it ended and how long it took, and of logins what became of them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        for outcome in ("succeeded", "wrong_credentials", "too_many_attempts"):
            metrics.expect(LOGINS, outcome)

    def __call__(self, message: Message[Any], call: Callable[[], Any]) -> Any:
        """Have a message handled."""
        began = perf_counter()
        try:
            answer = call()
        except BaseException as error:
            outcome = "refused" if isinstance(error, Refusal) else "failed"
            self._take_down(message, began, outcome, _outcome_of_login(error))
            raise
        self._take_down(message, began, "done", "succeeded")
        return answer

    def _take_down(self, message: Message[Any], began: float, outcome: str, login: str) -> None:
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
