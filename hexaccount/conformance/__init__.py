"""What it takes to be a store of this service, as tests; needs `hexaccount[conformance]`.

Give `StoreContract` the fixture `under_test` in a subclass, and pytest runs every rule on your store, and give it to
`CacheMarksContract`. A store that
outlives its process also keeps `DurabilityContract`, one that processes share `ProcessesContract`, one that is migrated
`SchemaContract`, and one that hears of the commits of others `WatchContract`.
"""

import pytest

pytest.register_assert_rewrite(f"{__name__}.suites")

from hexaccount.conformance.suites import (  # noqa: E402 - after what lets pytest explain the assertions in it
    CacheMarksContract,
    ContractSuite,
    DurabilityContract,
    ProcessesContract,
    SchemaContract,
    StoreContract,
    StoreUnderTest,
    WatchContract,
)

__all__ = [
    "CacheMarksContract",
    "ContractSuite",
    "DurabilityContract",
    "ProcessesContract",
    "SchemaContract",
    "StoreContract",
    "StoreUnderTest",
    "WatchContract",
]
