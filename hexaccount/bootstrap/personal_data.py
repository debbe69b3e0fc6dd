"""Opens what encrypts personal data: the cipher, and the store of its keys."""

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from hexaccount.bootstrap.key_file import previous_root_key, root_key_of
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.stores import open_store
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.records import RecordSchema
from hexaccount.personal_data.encryption import PersonalData
from hexaccount.personal_data.key_store import KeyStore
from hexaccount.personal_data.ports import AccountCipher
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store

if TYPE_CHECKING:
    from hexaccount_security.token_key import TokenKey


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


def personal_data_of(cipher: AccountCipher, separate_keys: Store | None) -> PersonalData:
    return PersonalData(cipher, None if separate_keys is None else separate_keys.unit_of_work)


def key_store_of(store: Store, separate_keys: Store | None) -> KeyStore:
    return KeyStore((separate_keys or store).unit_of_work)


def _root_keys(settings: Settings) -> "list[TokenKey]":
    """Return the root key and the former one if it is set; raises SettingsError."""
    previous = settings.personal_data.previous_key
    return [root_key_of(settings), *([] if previous is None else [previous_root_key(previous)])]
