"""Keeps what is personal in events encrypted in the journal, so that erasing a key erases the person from it.

The pattern is known as crypto-shredding.
"""

import json
import logging
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
from hexaccount.kernel.unit_of_work import AccountErased, UnitOfWork, UnitOfWorkFactory
from hexaccount.personal_data.account_key import ACCOUNT_KEYS, MOVED
from hexaccount.personal_data.erasures import ERASURES
from hexaccount.personal_data.ports import AccountCipher, DataCipher, KeysElsewhere

_log = logging.getLogger("hexaccount.personal_data")

OpenUnitOfWork: TypeAlias = Callable[[], AbstractContextManager[UnitOfWork]]
"""A UnitOfWorkFactory, or a function that returns a unit of work within which the work is."""

ENCRYPTED = "encrypted"
"""The name in the data of a stored event of what stands for its personal fields."""


class CipherCache:
    """The ciphers of the accounts that were used last, each for a minute: then an erased key is forgotten."""

    def __init__(self, *, size: int = 10_000, seconds: float = 60) -> None:
        self._size = size
        self._seconds = seconds
        self._lock = threading.Lock()
        self.place_is_known = False
        self._ciphers: OrderedDict[UUID, tuple[float, DataCipher]] = OrderedDict()

    def get(self, account_id: UUID) -> DataCipher | None:
        """Return a cipher that was put within the time."""
        found = self._ciphers.get(account_id)
        return found[1] if found is not None and found[0] > monotonic() else None

    def put(self, account_id: UUID, cipher: DataCipher) -> None:
        with self._lock:
            self._ciphers[account_id] = monotonic() + self._seconds, cipher
            self._ciphers.move_to_end(account_id)
            if len(self._ciphers) > self._size:
                self._ciphers.popitem(last=False)

    def remove(self, account_id: UUID) -> None:
        with self._lock:
            self._ciphers.pop(account_id, None)


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Encrypts and decrypts the personal fields of events, which their classes name.

    keys_elsewhere: the store of the keys, where that is not the store of the events.
    """

    cipher: AccountCipher
    keys_elsewhere: UnitOfWorkFactory[UnitOfWork] | None = None
    cache: CipherCache = field(default_factory=CipherCache)

    def encrypted(self, entries: Iterable[JournalEntry], uow: UnitOfWork) -> list[JournalEntry]:
        """Return entries as the journal stores them; the unit of work stores the key of a new account with them.

        An account without a key gets a new one, unless it was erased: AccountErased.
        """
        return [self._encrypted(entry, uow) if EVENT_TYPES[entry.type].personal else entry for entry in entries]

    def decrypted(self, entries: Sequence[JournalEntry], unit_of_work: OpenUnitOfWork) -> Sequence[JournalEntry]:
        """Return stored entries as they were recorded, without personal fields whose key was erased or lost."""
        accounts = {entry.subject for entry in entries if ENCRYPTED in entry.data}
        if not accounts:
            return entries
        ciphers = self._ciphers_of(accounts, unit_of_work)
        return [
            _decrypted(entry, ciphers.get(entry.subject)) if ENCRYPTED in entry.data else entry for entry in entries
        ]

    @contextmanager
    def _key_store(self, uow: UnitOfWork) -> Iterator[UnitOfWork]:
        """Open the store of keys: a unit of work, or one of their own, which is committed before; see KeysElsewhere."""
        if self.keys_elsewhere is not None:
            with self.keys_elsewhere() as elsewhere:
                yield elsewhere
                elsewhere.commit()
        else:
            self.check_place(uow)
            yield uow

    def check_place(self, uow: UnitOfWork) -> None:
        """Raise KeysElsewhere if the keys were moved; a process asks once."""
        if not self.cache.place_is_known:
            if uow.records(ACCOUNT_KEYS).get(MOVED.account_id) is not None:
                raise KeysElsewhere
            self.cache.place_is_known = True

    def _encrypted(self, entry: JournalEntry, uow: UnitOfWork) -> JournalEntry:
        event = EVENT_TYPES[entry.type]
        cipher = self._cipher_of_new(entry, uow) if event.begins_account else self._cipher_within(entry, uow)
        personal = {name: value for name, value in entry.data.items() if name in event.personal}
        data = {name: value for name, value in entry.data.items() if name not in personal}
        text = json.dumps(personal, ensure_ascii=False, separators=(",", ":"))
        return replace(entry, data={**data, ENCRYPTED: cipher.encrypt(text.encode(), name=str(entry.id))})

    def _cipher_of_new(self, entry: JournalEntry, uow: UnitOfWork) -> DataCipher:
        key, cipher = self.cipher.make_key(entry.subject)
        is_new = EVENT_TYPES[entry.type].begins_account
        with self._key_store(uow) as store:
            if not is_new and store.records(ERASURES).get(entry.subject) is not None:
                raise AccountErased(entry.aggregate, entry.aggregate_id)
            store.records(ACCOUNT_KEYS).add(key)
        if is_new:  # of another account the commit may still fail, and a key that was not stored must not be used again
            self.cache.put(entry.subject, cipher)
        return cipher

    def _cipher_within(self, entry: JournalEntry, uow: UnitOfWork) -> DataCipher:
        """Return the cipher of an account; its key may be missing only if it was lost, or the account was erased."""
        found = self._ciphers_of([entry.subject], lambda: nullcontext(uow))
        return found.get(entry.subject) or self._cipher_of_new(entry, uow)

    def _ciphers_of(self, account_ids: Iterable[UUID], unit_of_work: OpenUnitOfWork) -> dict[UUID, DataCipher]:
        """Return the ciphers of those accounts that have a key, from the cache or in one round trip."""
        found = {account_id: cipher for account_id in account_ids if (cipher := self.cache.get(account_id))}
        if missing := [account_id for account_id in account_ids if account_id not in found]:
            with (self.keys_elsewhere or unit_of_work)() as uow:
                if self.keys_elsewhere is None:
                    self.check_place(uow)
                keys = uow.records(ACCOUNT_KEYS)
                keys.prefetch(missing)
                stored = list(filter(None, map(keys.get, missing)))
            for key in stored:
                found[key.account_id] = self.cipher.open(key)
                self.cache.put(key.account_id, found[key.account_id])
        return found


def _decrypted(entry: JournalEntry, cipher: DataCipher | None) -> JournalEntry:
    data = {name: value for name, value in entry.data.items() if name != ENCRYPTED}
    if cipher is not None:
        try:
            data |= json.loads(cipher.decrypt(entry.data[ENCRYPTED], name=str(entry.id)))
        except ValueError as error:
            # The account has a new key, as its first one was lost; or the data were changed.
            _log.warning("what is personal in the event %s cannot be read: %s", entry.id, error)
    return replace(entry, data=data)
