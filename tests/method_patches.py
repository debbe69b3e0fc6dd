"""Wraps methods of existing classes, so that a check sees every call of them during a test run."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

MethodPatch: TypeAlias = tuple[type, str, Callable[..., Any]]
"""A class, the name of a method of it, and a function that wraps the method."""


class MethodPatches:
    """Wrappers of methods that are in place between `apply` and `undo`."""

    def __init__(self, patches: Sequence[MethodPatch]) -> None:
        self._patches = patches
        self._originals: list[tuple[type, str, Any]] = []

    def apply(self) -> None:
        for owner, name, wrap in self._patches:
            original = getattr(owner, name)
            self._originals.append((owner, name, original))
            setattr(owner, name, wrap(original))

    def undo(self) -> None:
        """Restore the methods, the last one first: two patches may wrap the same one."""
        while self._originals:
            setattr(*self._originals.pop())
