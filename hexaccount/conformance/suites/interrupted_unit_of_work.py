from collections.abc import Callable
from typing import Any, Self, cast

from hexaccount.store_kit.unit_of_work import StoreUnitOfWork


class _Interrupted:
    def __init__(self, inner: StoreUnitOfWork, before_commit: Callable[[], object]) -> None:
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


def interrupted(unit_of_work: StoreUnitOfWork, before_commit: Callable[[], object]) -> StoreUnitOfWork:
    """Return the unit of work with a call before each commit; if that raises, nothing is committed."""
    return cast("StoreUnitOfWork", _Interrupted(unit_of_work, before_commit))
