from collections.abc import Iterable

from hexaccount.signing_keys.ports import KeyFactory, KeyFromSettings, KeyNotFound, StoredKey


def get_key(keys: Iterable[StoredKey], kid: str, key_factory: KeyFactory) -> StoredKey:
    """Return the stored key with this id; raises KeyNotFound, and KeyFromSettings for the root key."""
    for key in keys:
        if key.kid == kid:
            return key
    if kid == key_factory.root_key.kid:
        raise KeyFromSettings
    raise KeyNotFound
