import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any

from hexaccount.kernel.causation import current_cause
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.messages import Message

_log = logging.getLogger("hexaccount.bus")


def log_messages(message: Message[Any], call: Callable[[], Any]) -> Any:
    """Log the type of each message, its outcome and its duration, never its contents."""
    began = perf_counter()
    outcome = "failed"
    try:
        answer = call()
        outcome = "done"
    except Refusal as refusal:
        outcome = f"refused: {refusal.code}"
        raise
    finally:
        if _log.isEnabledFor(logging.DEBUG):
            taken = (perf_counter() - began) * 1000
            cause = current_cause()
            cause_id = cause.causation_id or cause.request_id or "-"
            _log.debug("%s %s in %.1f ms, cause %s", type(message).__name__, outcome, taken, cause_id)
    return answer
