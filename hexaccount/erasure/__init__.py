"""Erasure of accounts: for good, and again after an older backup was restored."""

from hexaccount.erasure import erase_user, list_erasures, repeat_erasures
from hexaccount.kernel.capability import Capability

capability = Capability(
    name="erasure",
    handlers={
        erase_user.EraseUser: erase_user.erase_user,
        list_erasures.ListErasures: list_erasures.list_erasures,
        repeat_erasures.RepeatErasures: repeat_erasures.repeat_erasures,
    },
)
