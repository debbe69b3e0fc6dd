"""Signing keys: the key ring behind access tokens, and its rotation."""

from hexaccount.kernel.capability import Capability
from hexaccount.signing_keys import (
    add_key,
    list_keys,
    remove_key,
    retire_key,
    signing_keys,
)

capability = Capability(
    name="signing_keys",
    handlers={
        add_key.AddKey: add_key.add_key,
        list_keys.ListKeys: list_keys.list_keys,
        remove_key.RemoveKey: remove_key.remove_key,
        retire_key.RetireKey: retire_key.retire_key,
    },
    records=(signing_keys.SIGNING_KEYS,),
)
