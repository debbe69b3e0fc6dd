from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from hexaccount.bootstrap.capabilities import OURS, record_schema
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.kernel.capability import Capability
from hexaccount.kernel.event import Event
from hexaccount.kernel.records import RecordSchema, RecordType
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_flask import Routes
from hexaccount_memory import MemoryStore
from hexaccount_system import Uuid7Identifiers

_SETTINGS = Settings(
    store="memory://", jwt=JwtSettings(key="the key of the capability's tests"), password=PasswordSettings(cost=4)
)

StoreOpener = Callable[[EventRecorder, RecordSchema], Store]


@dataclass(frozen=True, kw_only=True)
class CapabilityUnderTest:
    """A capability of another package, and what its package adds besides.

    package: the name of the package to import; it begins the names of events, metrics and record types.
    samples: new records of each record type, with different keys and values; aggregates have the events that led to
        them, and together all types of events.
    stores: open an empty store each; a test uses the one that it has opened.
    """

    package: str
    capability: Capability
    samples: Mapping[RecordType[Any], Sequence[Any]] = field(default_factory=dict)
    routes: Sequence[Routes] = ()
    commands: Sequence[click.Command] = ()
    stores: Sequence[StoreOpener] = (lambda recorder, _: MemoryStore(recorder),)

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """Return those of the service and this one."""
        return (*OURS, self.capability)

    @property
    def events(self) -> list[Event]:
        """Return the events of all samples."""
        return [event for _, record in self.records() if isinstance(record, Aggregate) for event in record.pending]

    def records(self) -> Iterator[tuple[RecordType[Any], Any]]:
        """Yield the samples with their types."""
        for record_type, samples in self.samples.items():
            for sample in samples:
                yield record_type, sample

    def open_service(self) -> Service:
        """Return a service in memory with this capability."""
        return open_service(_SETTINGS, capabilities=self.capabilities)

    def opened(self, opener: StoreOpener, records: RecordSchema | None = None) -> Store:
        """Return a migrated store, by default with the record types of the service and of this capability."""
        recorder = EventRecorder(Uuid7Identifiers(), "urn:hexaccount:contract")
        store = opener(recorder, records or record_schema(self.capabilities))
        store.migrate()
        return store
