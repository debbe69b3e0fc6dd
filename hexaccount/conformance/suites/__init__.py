"""The suites, one module per subject, and their fixtures and helpers."""

from hexaccount.conformance.suites.capability_contract import CapabilityContract
from hexaccount.conformance.suites.capability_under_test import CapabilityUnderTest
from hexaccount.conformance.suites.contract_suite import ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.durability import DurabilityContract
from hexaccount.conformance.suites.processes import ProcessesContract
from hexaccount.conformance.suites.schema import SchemaContract
from hexaccount.conformance.suites.store_contract import StoreContract

__all__ = [
    "CapabilityContract",
    "CapabilityUnderTest",
    "ContractSuite",
    "DurabilityContract",
    "ProcessesContract",
    "SchemaContract",
    "StoreContract",
    "StoreUnderTest",
]
