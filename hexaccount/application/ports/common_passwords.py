from typing import Protocol


class CommonPasswords(Protocol):
    """The passwords that so many people have chosen that they are tried first."""

    def contains(self, text: str) -> bool:
        """Tell whether a password is one of them, in this or another spelling of the same letters."""
        ...
