"""The capabilities of the service: those of this package, and those that other installed packages bring."""

from collections.abc import Collection, Sequence
from functools import cache
from importlib.metadata import entry_points

from hexaccount import (
    accounts,
    archive,
    events,
    idempotency,
    observability,
    passwords,
    rate_limits,
    registration,
    retention,
    roles,
    sessions,
    signing_keys,
)
from hexaccount.kernel.capability import Capability
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.kernel.periods import ENDED, Period
from hexaccount.kernel.records import RecordSchema

GROUP = "hexaccount.capabilities"
"""The group of entry points by which another package adds a capability."""

OURS = tuple(
    room.capability
    for room in (
        accounts,
        roles,
        idempotency,
        sessions,
        passwords,
        registration,
        signing_keys,
        rate_limits,
        events,
        retention,
        archive,
        observability,
    )
)


@cache
def all_capabilities() -> tuple[Capability, ...]:
    """Return every capability, those of other packages last, by the names of their entry points."""
    return *OURS, *(found.load() for found in sorted(entry_points(group=GROUP), key=lambda found: found.name))


@cache
def record_schema() -> RecordSchema:
    """Return what all capabilities store."""
    capabilities = all_capabilities()
    return RecordSchema(
        tuple(record_type for capability in capabilities for record_type in capability.records),
        tuple(expiry for capability in capabilities for expiry in capability.expiries),
    )


def periods() -> Collection[Period]:
    """Return how long things are kept, as declarations say."""
    kept = {ENDED, *(expiry.kept for expiry in record_schema().expiries)}
    return kept | {event.kept for event in EVENT_TYPES.values() if event.kept is not None}


def event_types() -> Sequence[str]:
    """Return the types of the events of every capability, which are registered by its import."""
    all_capabilities()
    return tuple(EVENT_TYPES)
