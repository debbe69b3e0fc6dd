"""The conformance kit: tests that every store of this service passes; needs `hexaccount[conformance]`.

A subclass of `StoreContract` with the fixture `under_test` runs all suites of a store, and a subclass of
`CommitHooksContract` those of the commit hooks. Further suites apply to a store that outlives its process
(`DurabilityContract`), that processes share (`ProcessesContract`), that has a schema (`SchemaContract`) or that
signals the commits of other handles (`WatchContract`).

A subclass of `CapabilityContract` tests a capability of another package.
"""

import pytest

pytest.register_assert_rewrite(f"{__name__}.suites")

from hexaccount.conformance.suites import (  # noqa: E402 - pytest must rewrite the assertions before the import
    CapabilityContract,
    CapabilityUnderTest,
    CommitHooksContract,
    ContractSuite,
    DurabilityContract,
    ProcessesContract,
    SchemaContract,
    StoreContract,
    StoreUnderTest,
    WatchContract,
)

__all__ = [
    "CapabilityContract",
    "CapabilityUnderTest",
    "CommitHooksContract",
    "ContractSuite",
    "DurabilityContract",
    "ProcessesContract",
    "SchemaContract",
    "StoreContract",
    "StoreUnderTest",
    "WatchContract",
]
