"""Keeps what is personal in events encrypted in the journal, so that erasing a key erases the person from it.

The pattern is known as crypto-shredding.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TypeAlias
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.kernel.records import Records
from hexaccount.kernel.unit_of_work import StaleVersion, UnitOfWork, UnitOfWorkFactory
from hexaccount.personal_data.account_key import ACCOUNT_KEYS, AccountKey
from hexaccount.personal_data.ports import AccountCipher

OpenUnitOfWork: TypeAlias = Callable[[], AbstractContextManager[UnitOfWork]]
"""A UnitOfWorkFactory, or a function that returns a unit of work within which the work is."""

ENCRYPTED = "encrypted"
"""The name in the data of a stored event of what stands for its personal fields."""


class KeyCache:
    """The keys that were used last, each for a minute: by then every process has forgotten an erased one."""

    def __init__(self, *, size: int = 10_000, seconds: float = 60) -> None:
        self._size = size
        self._seconds = seconds
        self._lock = threading.Lock()
        self._keys: OrderedDict[UUID, tuple[float, AccountKey]] = OrderedDict()

    def get(self, account_id: UUID) -> AccountKey | None:
        """Return a key that was put within the time."""
        found = self._keys.get(account_id)
        return found[1] if found is not None and found[0] > monotonic() else None

    def put(self, key: AccountKey) -> None:
        with self._lock:
            self._keys[key.account_id] = monotonic() + self._seconds, key
            self._keys.move_to_end(key.account_id)
            if len(self._keys) > self._size:
                self._keys.popitem(last=False)

    def remove(self, account_id: UUID) -> None:
        with self._lock:
            self._keys.pop(account_id, None)


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Encrypts and decrypts the personal fields of events, which their classes name.

    keys_elsewhere: the store of the keys, where that is not the store of the events.
    """

    cipher: AccountCipher
    keys_elsewhere: UnitOfWorkFactory[UnitOfWork] | None = None
    cache: KeyCache = field(default_factory=KeyCache)

    def encrypted(self, entries: Iterable[JournalEntry], uow: UnitOfWork) -> list[JournalEntry]:
        """Return entries as the journal stores them; the unit of work stores the key of a new account with them.

        Raises StaleVersion if an account has no key any more: it is being erased.
        """
        return [self._encrypted(entry, uow) if EVENT_TYPES[entry.type].personal else entry for entry in entries]

    def decrypted(self, entries: Sequence[JournalEntry], unit_of_work: OpenUnitOfWork) -> Sequence[JournalEntry]:
        """Return stored entries as they were recorded, without the personal fields of erased accounts."""
        accounts = {entry.subject for entry in entries if ENCRYPTED in entry.data}
        if not accounts:
            return entries
        keys = self._keys_of(accounts, unit_of_work)
        return [self._decrypted(entry, keys) if ENCRYPTED in entry.data else entry for entry in entries]

    @contextmanager
    def keys(self, uow: UnitOfWork) -> Iterator[Records[AccountKey]]:
        """Open the keys: within a unit of work, or in one of their own, which is committed before."""
        if self.keys_elsewhere is None:
            yield uow.records(ACCOUNT_KEYS)
        else:
            with self.keys_elsewhere() as elsewhere:
                yield elsewhere.records(ACCOUNT_KEYS)
                elsewhere.commit()

    def _encrypted(self, entry: JournalEntry, uow: UnitOfWork) -> JournalEntry:
        event = EVENT_TYPES[entry.type]
        if event.begins_account:
            key = self.cipher.make_key(entry.subject)
            with self.keys(uow) as records:
                records.add(key)
            self.cache.put(key)
        else:
            found = self._keys_of([entry.subject], lambda: nullcontext(uow)).get(entry.subject)
            if found is None:
                raise StaleVersion(entry.aggregate, entry.aggregate_id)
            key = found
        personal = {name: value for name, value in entry.data.items() if name in event.personal}
        data = {name: value for name, value in entry.data.items() if name not in personal}
        text = json.dumps(personal, ensure_ascii=False, separators=(",", ":"))
        return replace(entry, data={**data, ENCRYPTED: self.cipher.encrypt(key, text.encode(), name=str(entry.id))})

    def _decrypted(self, entry: JournalEntry, keys: dict[UUID, AccountKey]) -> JournalEntry:
        data = {name: value for name, value in entry.data.items() if name != ENCRYPTED}
        key = keys.get(entry.subject)
        if key is not None:
            data |= json.loads(self.cipher.decrypt(key, entry.data[ENCRYPTED], name=str(entry.id)))
        return replace(entry, data=data)

    def _keys_of(self, account_ids: Iterable[UUID], unit_of_work: OpenUnitOfWork) -> dict[UUID, AccountKey]:
        """Return the keys of those accounts that have one, from the cache or in one round trip."""
        found = {account_id: key for account_id in account_ids if (key := self.cache.get(account_id))}
        if missing := [account_id for account_id in account_ids if account_id not in found]:
            with (self.keys_elsewhere or unit_of_work)() as uow:
                records = uow.records(ACCOUNT_KEYS)
                records.prefetch(missing)
                for key in filter(None, map(records.get, missing)):
                    self.cache.put(key)
                    found[key.account_id] = key
        return found
