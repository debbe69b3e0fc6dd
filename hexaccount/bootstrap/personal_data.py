"""Opens what encrypts personal data: the cipher, and the store of its keys."""

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from hexaccount.bootstrap.key_file import previous_root_key, root_key_of
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.stores import open_store
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.records import LookUp, RecordSchema, RecordType
from hexaccount.personal_data.account_key import ACCOUNT_KEYS, MOVED
from hexaccount.personal_data.erasures import ERASURES
from hexaccount.personal_data.key_store import KeyStore
from hexaccount.personal_data.ports import AccountCipher
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store

if TYPE_CHECKING:
    from hexaccount_security.token_key import TokenKey

_BATCH = 1000


def account_cipher(settings: Settings) -> AccountCipher:
    """Return the cipher, which reads the root keys at its first use: some commands need none."""
    from hexaccount_security import RootedAccountCipher

    return RootedAccountCipher(partial(_root_keys, settings))


def open_key_store(settings: Settings, records: RecordSchema, identifiers: Identifiers) -> Store | None:
    """Open the store of account keys and erasures; None where the setting `store` is theirs, too."""
    if settings.personal_data.keys is None:
        return None
    elsewhere = msgspec.structs.replace(settings, store=settings.personal_data.keys)
    try:
        return open_store(elsewhere, EventRecorder(identifiers, settings.event_source), records)
    except SettingsError as error:
        raise SettingsError(f"personal_data.keys, as {error}") from error


def has_readable_keys(store: Store, key_store: KeyStore, cipher: AccountCipher) -> bool:
    """Return whether there are account keys; raises LostRootKey if the newest cannot be decrypted."""
    with store.unit_of_work() as uow, key_store.opened(uow) as keys:
        newest = keys.records(ACCOUNT_KEYS).page(LookUp(descending=True), limit=1)
    for key in newest:
        cipher.open(key)
    return bool(newest)


def move_keys(store: Store, separate_keys: Store) -> int:
    """Move account keys and erasures out of the store of the accounts, and return how many keys; repeatable."""
    moved = 0
    kinds: tuple[RecordType[Any], ...] = (ERASURES, ACCOUNT_KEYS)
    for record_type in kinds:
        while True:
            with store.unit_of_work() as here, separate_keys.unit_of_work() as there:
                page = here.records(record_type).page(LookUp(), limit=_BATCH)
                page = [record for record in page if record != MOVED]
                stored = there.records(record_type)
                stored.prefetch([record.account_id for record in page])
                for record in page:
                    if stored.get(record.account_id) is None:
                        stored.add(record)
                there.commit()
                for record in page:
                    here.records(record_type).remove(record)
                here.commit()
            if not page:
                break
            moved += len(page) if record_type is ACCOUNT_KEYS else 0
    with store.unit_of_work() as uow:
        if uow.records(ACCOUNT_KEYS).get(MOVED.account_id) is None:
            uow.records(ACCOUNT_KEYS).add(MOVED)
            uow.commit()
    return moved


def key_store_of(separate_keys: Store | None) -> KeyStore:
    return KeyStore(None if separate_keys is None else separate_keys.unit_of_work)


def _root_keys(settings: Settings) -> "list[TokenKey]":
    """Return the root key and the former one if it is set; raises SettingsError."""
    previous = settings.personal_data.previous_key
    return [root_key_of(settings), *([] if previous is None else [previous_root_key(previous)])]
