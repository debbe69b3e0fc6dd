"""Single values of a request: in its path, its query or a header."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from flask import Request

from hexaccount.kernel.bus import Bus

if TYPE_CHECKING:
    from hexaccount_flask.operation import Reader, Refusable


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value that a route takes besides the body; `of` is the type that its text is described as."""

    name: str
    place: Literal["path", "query", "header"]
    of: Any
    read: Callable[[Request], Any]
    refuses: Sequence["Refusable"] = ()
    default: Any = None

    def reader(self, _: Bus | None) -> "Reader":
        """Return what reads the value."""
        return self.read


@dataclass(frozen=True, slots=True)
class Aside:
    """A part of every request of which no client needs to be told."""

    read: Callable[[Request], Any]
    refuses: Sequence["Refusable"] = ()

    def reader(self, _: Bus | None) -> "Reader":
        """Return what reads the part."""
        return self.read
