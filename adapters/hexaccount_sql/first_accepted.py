import logging
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy import exc

T = TypeVar("T")

_log = logging.getLogger("hexaccount.sql")


class FirstAccepted(Generic[T]):
    """Ways to do the same on a server that speaks PostgreSQL's protocol, the quickest first.

    Not every such server has all of PostgreSQL's functions and statements. A way that the server refuses is left for
    good once another one has worked; if none works, the cause is another one, and the last error is raised.
    """

    def __init__(self, *ways: Callable[..., T]) -> None:
        self._ways = ways

    def __call__(self, *arguments: Any) -> T:
        ways = self._ways  # other threads may shorten it meanwhile
        for number, way in enumerate(ways[:-1]):
            try:
                result = way(*arguments)
            except (exc.ProgrammingError, exc.NotSupportedError) as error:
                _log.debug("the server refuses %s: %s", way.__name__, error.orig)
            else:
                self._leave(ways, number)
                return result
        result = ways[-1](*arguments)
        self._leave(ways, len(ways) - 1)
        return result

    def _leave(self, ways: tuple[Callable[..., T], ...], number: int) -> None:
        """Leave the first ways, which were refused."""
        if number and self._ways is ways:
            self._ways = ways[number:]
            _log.info("the server does without %s", ", ".join(way.__name__ for way in ways[:number]))
