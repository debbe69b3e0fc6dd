"""The capabilities of the service: those of this package, and those that other installed packages bring."""

from collections.abc import Collection, Sequence
from functools import cache

from hexaccount import (
    accounts,
    archive,
    erasure,
    events,
    idempotency,
    mail,
    observability,
    passwords,
    personal_data,
    rate_limits,
    registration,
    retention,
    roles,
    sessions,
    signing_keys,
)
from hexaccount.bootstrap.plugins import CAPABILITIES, load_plugins
from hexaccount.kernel.capability import Capability
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.kernel.periods import ENDED, Period
from hexaccount.kernel.permission import Permission
from hexaccount.kernel.records import RecordSchema

OURS = tuple(
    room.capability
    for room in (
        personal_data,
        accounts,
        roles,
        idempotency,
        sessions,
        passwords,
        registration,
        mail,
        erasure,
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
    """Return every capability, those of other packages last, by the names of their entry points.

    Raises PluginError.
    """
    return *OURS, *load_plugins(CAPABILITIES, Capability)


@cache
def record_schema(capabilities: tuple[Capability, ...] | None = None) -> RecordSchema:
    """Return what these capabilities store, by default all."""
    capabilities = all_capabilities() if capabilities is None else capabilities
    return RecordSchema(
        tuple(record_type for capability in capabilities for record_type in capability.records),
        tuple(expiry for capability in capabilities for expiry in capability.expiries),
    )


def all_permissions() -> frozenset[Permission]:
    """Return the permissions that all capabilities declare."""
    return frozenset(permission for capability in all_capabilities() for permission in capability.permissions)


def periods(records: RecordSchema) -> Collection[Period]:
    """Return how long things are kept, as record types and events declare it."""
    kept = {ENDED, *(expiry.kept for expiry in records.expiries)}
    return kept | {event.kept for event in EVENT_TYPES.values() if event.kept is not None}


def event_types() -> Sequence[str]:
    """Return the types of the events of every capability, which are registered by its import."""
    all_capabilities()
    return tuple(EVENT_TYPES)
