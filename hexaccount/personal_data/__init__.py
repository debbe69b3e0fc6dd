"""What is personal in events: encrypted in the journal under a key of its account."""

from hexaccount.kernel.capability import Capability
from hexaccount.personal_data import account_key, erasures, rewrap_account_keys

capability = Capability(
    name="personal_data",
    handlers={rewrap_account_keys.RewrapAccountKeys: rewrap_account_keys.rewrap_account_keys},
    records=(account_key.ACCOUNT_KEYS, erasures.ERASURES),
)
