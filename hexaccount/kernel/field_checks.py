from collections.abc import Callable
from typing import TypeVar, cast

from hexaccount.kernel.errors import InvalidInput, InvalidValue

T = TypeVar("T")


class FieldChecks:
    """Builds the values of a message one by one and tells of all that are invalid at once."""

    def __init__(self) -> None:
        self._errors: dict[str, str] = {}

    def take(self, field: str, make: Callable[[str], T], text: str) -> T:
        """Return the value that `make` makes of `text`; what it refuses is told by `finish`."""
        try:
            return make(text)
        except InvalidValue as refusal:
            self._errors[field] = refusal.reason
            return cast("T", None)  # never seen: `finish` raises before the message is built

    def finish(self) -> None:
        """Raise InvalidInput if any value was refused."""
        if self._errors:
            raise InvalidInput(self._errors)
