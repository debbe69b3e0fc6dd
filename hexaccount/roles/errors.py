from collections.abc import Iterable

from hexaccount.kernel.errors import Refusal


class UnknownRole(Refusal):
    """A role that the settings do not know."""

    code = "unknown_role"

    def __init__(self, known: Iterable[str]) -> None:
        """Take the names of the roles there are."""
        super().__init__(f"there is no such role; there are {', '.join(known)}")
