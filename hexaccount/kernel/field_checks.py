from collections.abc import Callable
from typing import TypeVar, cast

from hexaccount.kernel.errors import InvalidInput, InvalidValue

T = TypeVar("T")


class FieldChecks:
    """Builds the values of a message one by one, and refuses all invalid ones at once."""

    def __init__(self) -> None:
        self._errors: dict[str, str] = {}

    def parse(self, field: str, make: Callable[[str], T], text: str) -> T:
        """Return `make(text)`; an InvalidValue that it raises is collected for `finish`."""
        try:
            return make(text)
        except InvalidValue as refusal:
            self._errors[field] = refusal.reason
            return cast("T", None)  # never seen: `finish` raises before the message is built

    def finish(self) -> None:
        """Raise InvalidInput if any value was refused."""
        if self._errors:
            raise InvalidInput(self._errors)
