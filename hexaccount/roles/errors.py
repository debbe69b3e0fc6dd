from collections.abc import Iterable

from hexaccount.kernel.errors import Refusal


class UnknownRole(Refusal):
    """The settings define no such role."""

    code = "unknown_role"

    def __init__(self, known: Iterable[str]) -> None:
        super().__init__(f"there is no such role; there are {', '.join(known)}")
