"""Looking on where the tests and what they test meet: at methods of classes that are there anyway."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Border: TypeAlias = tuple[type, str, Callable[..., Any]]
"""A class, the name of one of its methods, and what makes another one of it that sees what goes by."""


class Borders:
    """Methods that are looked at from `watch` to `leave`."""

    def __init__(self, borders: Sequence[Border]) -> None:
        self._borders = borders
        self._originals: list[tuple[type, str, Any]] = []

    def watch(self) -> None:
        """Put what sees in the place of each."""
        for owner, name, see in self._borders:
            original = getattr(owner, name)
            self._originals.append((owner, name, original))
            setattr(owner, name, see(original))

    def leave(self) -> None:
        """Put each back, the last one first: two may have looked at the same."""
        while self._originals:
            setattr(*self._originals.pop())
