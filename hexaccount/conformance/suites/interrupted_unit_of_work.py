from collections.abc import Callable
from typing import Any, Self, cast

from hexaccount.events.ports import EventsUnitOfWork


class _Interrupted:
    def __init__(self, inner: EventsUnitOfWork, before_commit: Callable[[], object]) -> None:
        self._inner = inner
        self._before_commit = before_commit

    def __getattr__(self, name: str) -> Any:
        # Any: the repositories of the inner unit of work.
        return getattr(self._inner, name)

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._inner.__exit__(*error)

    def commit(self) -> None:
        self._before_commit()
        self._inner.commit()


def interrupted(unit_of_work: EventsUnitOfWork, before_commit: Callable[[], object]) -> EventsUnitOfWork:
    """Return the unit of work with a call before each commit; if that raises, nothing is committed."""
    return cast("EventsUnitOfWork", _Interrupted(unit_of_work, before_commit))
