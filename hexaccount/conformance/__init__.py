"""The conformance kit: tests that every store of this service passes; needs `hexaccount[conformance]`.

A subclass of `StoreContract` with the fixture `under_test` runs the suites of every store. Further suites apply to a
store that outlives its process (`DurabilityContract`), that processes share (`ProcessesContract`) or that has a schema
(`SchemaContract`). A subclass of `CapabilityContract` tests a capability of another package.
"""

import pytest

pytest.register_assert_rewrite(f"{__name__}.suites")

from hexaccount.conformance.suites import (  # noqa: E402 - pytest must rewrite the assertions before the import
    CapabilityContract,
    CapabilityUnderTest,
    ContractSuite,
    DurabilityContract,
    ProcessesContract,
    SchemaContract,
    StoreContract,
    StoreUnderTest,
)

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
