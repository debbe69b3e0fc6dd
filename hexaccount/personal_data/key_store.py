from collections.abc import Iterator
from contextlib import contextmanager

from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.personal_data.account_key import ACCOUNT_KEYS, MOVED
from hexaccount.personal_data.ports import KeysElsewhere


class KeyStore:
    """The store of account keys and erasures: that of the accounts, or one of its own.

    separate: begins a unit of work of the one of its own.
    """

    def __init__(self, separate: UnitOfWorkFactory[UnitOfWork] | None = None) -> None:
        self._separate = separate
        self._is_with_accounts = False

    @contextmanager
    def opened(self, uow: UnitOfWork) -> Iterator[UnitOfWork]:
        """Open what holds the keys: `uow`, which its owner commits, or a unit of work that is committed at the end.

        Raises KeysElsewhere if the keys were moved to a store that the settings do not name; a process asks once.
        """
        if self._separate is not None:
            with self._separate() as separate:
                yield separate
                separate.commit()
            return
        if not self._is_with_accounts:
            if uow.records(ACCOUNT_KEYS).get(MOVED.account_id) is not None:
                raise KeysElsewhere
            self._is_with_accounts = True
        yield uow
