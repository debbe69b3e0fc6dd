from collections.abc import Iterable

from hexaccount.signing_keys.ports import KeyFactory, KeyRefused, StoredKey


def get_key(keys: Iterable[StoredKey], kid: str, key_factory: KeyFactory) -> StoredKey:
    """Return the stored key of a name; raises KeyRefused where there is none, or it is that of the settings."""
    for key in keys:
        if key.kid == kid:
            return key
    if kid == key_factory.seed.kid:
        raise KeyRefused(
            "this is the key of the setting jwt.key: add a newer one to end its signing, and change the setting "
            "to be rid of it"
        )
    raise KeyRefused("there is no signing key of this name; `hexaccount keys list` shows them")
