from hexaccount.conformance.suites.capability_edges import CapabilityEdgesContract
from hexaccount.conformance.suites.capability_events import CapabilityEventsContract
from hexaccount.conformance.suites.capability_messages import CapabilityMessagesContract
from hexaccount.conformance.suites.capability_records import CapabilityRecordsContract


class CapabilityContract(
    CapabilityMessagesContract, CapabilityEventsContract, CapabilityRecordsContract, CapabilityEdgesContract
):
    """All tests of a capability; a subclass adds the fixture `under_test`, a CapabilityUnderTest."""
