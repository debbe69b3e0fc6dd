import re
from dataclasses import dataclass
from typing import ClassVar

from hexaccount.kernel.errors import InvalidValue


@dataclass(frozen=True, slots=True, init=False)
class AvatarIdentifier:
    """The text that an account's picture is drawn from: 1 to 64 ASCII letters, digits, `.`, `_` and `-`."""

    text: str

    pattern: ClassVar[str] = r"[A-Za-z0-9._-]{1,64}"

    def __init__(self, text: str) -> None:
        if not re.fullmatch(self.pattern, text):
            raise InvalidValue("must be 1 to 64 ASCII letters, digits, dots, underscores or hyphens")
        object.__setattr__(self, "text", text)

    def __str__(self) -> str:
        return self.text
