"""Keeps what is personal in events encrypted in the journal, so that erasing a key erases the person from it.

The pattern is known as crypto-shredding.
"""

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeAlias
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.kernel.unit_of_work import AccountErased, UnitOfWork
from hexaccount.personal_data.account_key import ACCOUNT_KEYS
from hexaccount.personal_data.erasures import ERASURES
from hexaccount.personal_data.key_store import KeyStore
from hexaccount.personal_data.ports import AccountCipher, DataCipher

_log = logging.getLogger("hexaccount.personal_data")

OpenUnitOfWork: TypeAlias = Callable[[], AbstractContextManager[UnitOfWork]]
"""A UnitOfWorkFactory, or a function that returns a unit of work within which the work is."""

_DECODER = json.JSONDecoder()  # `json.loads` takes a third longer

ENCRYPTED = "encrypted"
"""The name in the data of a stored event of what stands for its personal fields."""


class CipherCache:
    """The ciphers of the accounts that were used last, each for a minute: then an erased key is forgotten."""

    def __init__(self, *, size: int = 10_000, seconds: float = 60) -> None:
        self._size = size
        self._seconds = seconds
        self._lock = threading.Lock()
        self._ciphers: OrderedDict[UUID, tuple[float, DataCipher]] = OrderedDict()

    def get(self, account_ids: Collection[UUID]) -> dict[UUID, DataCipher]:
        """Return those ciphers that were put within the time."""
        now = monotonic()
        kept = ((account_id, self._ciphers.get(account_id)) for account_id in account_ids)
        return {account_id: found[1] for account_id, found in kept if found is not None and found[0] > now}

    def put(self, ciphers: Mapping[UUID, DataCipher]) -> None:
        until = monotonic() + self._seconds
        with self._lock:
            for account_id, cipher in ciphers.items():
                self._ciphers[account_id] = until, cipher
                self._ciphers.move_to_end(account_id)
            while len(self._ciphers) > self._size:
                self._ciphers.popitem(last=False)

    def remove(self, account_id: UUID) -> None:
        with self._lock:
            self._ciphers.pop(account_id, None)


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Encrypts and decrypts the personal fields of events, which their classes name."""

    cipher: AccountCipher
    key_store: KeyStore = field(default_factory=KeyStore)
    cache: CipherCache = field(default_factory=CipherCache)

    def encrypted(self, entries: Sequence[JournalEntry], uow: UnitOfWork) -> Sequence[JournalEntry]:
        """Return entries as the journal stores them; the unit of work stores the key of a new account with them.

        An account without a key gets a new one, unless it was erased: AccountErased.
        """
        ciphers: dict[UUID, DataCipher] = {}
        for entry in entries:
            if EVENT_TYPES[entry.type].personal and entry.subject not in ciphers:
                ciphers[entry.subject] = self._cipher_for(entry, uow)
        if not ciphers:
            return entries
        return [
            _encrypted(entry, event.personal, ciphers[entry.subject])
            if (event := EVENT_TYPES[entry.type]).personal
            else entry
            for entry in entries
        ]

    def decrypted(self, entries: Sequence[JournalEntry], unit_of_work: OpenUnitOfWork) -> Sequence[JournalEntry]:
        """Return stored entries as they were recorded, without personal fields whose key was erased or lost."""
        accounts = {entry.subject for entry in entries if ENCRYPTED in entry.data}
        if not accounts:
            return entries
        ciphers = self._ciphers_of(accounts, unit_of_work)
        return [
            _decrypted(entry, ciphers.get(entry.subject)) if ENCRYPTED in entry.data else entry for entry in entries
        ]

    def _cipher_for(self, entry: JournalEntry, uow: UnitOfWork) -> DataCipher:
        """Return what encrypts an entry; a new key, unless the account has one."""
        is_new = EVENT_TYPES[entry.type].begins_account
        if not is_new and (found := self._ciphers_of([entry.subject], lambda: nullcontext(uow))):
            return found[entry.subject]
        key, cipher = self.cipher.make_key(entry.subject)
        with self.key_store.opened(uow) as store:
            if not is_new and store.records(ERASURES).get(entry.subject) is not None:
                raise AccountErased(entry.aggregate, entry.aggregate_id)
            store.records(ACCOUNT_KEYS).add(key)
        if is_new:  # of another account the commit may still fail, and a key that was not stored must not be used again
            self.cache.put({entry.subject: cipher})
        return cipher

    def _ciphers_of(self, account_ids: Collection[UUID], unit_of_work: OpenUnitOfWork) -> dict[UUID, DataCipher]:
        """Return the ciphers of those accounts that have a key, from the cache or in one round trip."""
        found = self.cache.get(account_ids)
        if missing := [account_id for account_id in account_ids if account_id not in found]:
            with unit_of_work() as uow, self.key_store.opened(uow) as store:
                keys = store.records(ACCOUNT_KEYS)
                keys.prefetch(missing)
                stored = list(filter(None, map(keys.get, missing)))
            opened = {key.account_id: self.cipher.open(key) for key in stored}
            self.cache.put(opened)
            found |= opened
        return found


def _encrypted(entry: JournalEntry, names: Collection[str], cipher: DataCipher) -> JournalEntry:
    data = dict(entry.data)
    personal = {name: data.pop(name) for name in entry.data if name in names}
    text = json.dumps(personal, ensure_ascii=False, separators=(",", ":"))
    return entry.with_data({**data, ENCRYPTED: cipher.encrypt(text.encode(), name=str(entry.id))})


def _decrypted(entry: JournalEntry, cipher: DataCipher | None) -> JournalEntry:
    data = dict(entry.data)
    encrypted = data.pop(ENCRYPTED)
    if cipher is not None:
        try:
            data |= _DECODER.decode(cipher.decrypt(encrypted, name=str(entry.id)).decode())
        except ValueError as error:
            # The account has a new key, as its first one was lost; or the data were changed.
            _log.warning("what is personal in the event %s cannot be read: %s", entry.id, error)
    return entry.with_data(data)
