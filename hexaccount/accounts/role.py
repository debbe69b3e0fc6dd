import re
from dataclasses import dataclass
from typing import ClassVar

from hexaccount.kernel.errors import InvalidValue


@dataclass(frozen=True, slots=True, order=True)
class Role:
    """The name of a set of permissions on other accounts."""

    name: str

    pattern: ClassVar[str] = r"[a-z][a-z0-9_-]{0,31}"
    USER: ClassVar["Role"]
    ADMIN: ClassVar["Role"]

    def __post_init__(self) -> None:
        if not re.fullmatch(self.pattern, self.name):
            raise InvalidValue(
                "must be a name of up to 32 small letters, digits, `-` and `_` that begins with a letter"
            )


Role.USER = Role("user")
Role.ADMIN = Role("admin")
