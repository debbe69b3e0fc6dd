"""What it takes to be a store of this service, as tests.

Give `StoreContract` the fixture `under_test` in a subclass, and pytest runs every rule on your store, and give it to
`CacheMarksContract`. A store that
outlives its process also keeps `DurabilityContract` and `ProcessesContract`, one that is migrated `SchemaContract`,
and one that hears of the commits of others `WatchContract`.
"""

from tests.contracts.suites.cache_marks import CacheMarksContract
from tests.contracts.suites.durability import DurabilityContract
from tests.contracts.suites.processes import ProcessesContract
from tests.contracts.suites.schema import SchemaContract
from tests.contracts.suites.store_contract import StoreContract
from tests.contracts.suites.subject import ContractSuite, StoreUnderTest
from tests.contracts.suites.watching import WatchContract

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
