"""The suites, each of one subject, and what they share."""

from hexaccount.conformance.suites.cache_marks import CacheMarksContract
from hexaccount.conformance.suites.durability import DurabilityContract
from hexaccount.conformance.suites.processes import ProcessesContract
from hexaccount.conformance.suites.schema import SchemaContract
from hexaccount.conformance.suites.store_contract import StoreContract
from hexaccount.conformance.suites.subject import ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.watching import WatchContract

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
