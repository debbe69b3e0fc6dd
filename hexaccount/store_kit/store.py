from typing import Protocol

from hexaccount.events.ports import DeadLetters, EventsUnitOfWork, History, Outbox, Subscriptions
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.rate_limits.ports import RateLimitStore
from hexaccount.retention.ports import RetentionStore

PORT_VERSION = 1
"""The version of this port, which a change raises if stores that were written before it can no longer serve."""


class Store(Protocol):
    """All adapters of one database, which stores accounts, journal and deliveries.

    A store keeps every field of a row as it was written, and computes none from the journal: the fields that an
    aggregate names as `outside_events`, and secrets, are in no event.
    """

    @property
    def outbox(self) -> Outbox: ...
    @property
    def dead_letters(self) -> DeadLetters: ...
    @property
    def subscriptions(self) -> Subscriptions: ...
    @property
    def history(self) -> History: ...
    @property
    def retention_store(self) -> RetentionStore: ...
    @property
    def rate_limits(self) -> RateLimitStore: ...
    @property
    def commits(self) -> CommitSignal:
        """Return the signal that this store gives when deliveries become due by it.

        That is a commit of events, `enqueue`, a retry of dead letters, and a new dead letter: it holds up no others.
        """
        ...

    def unit_of_work(self) -> EventsUnitOfWork:
        """Return a new unit of work."""
        ...

    def check(self) -> None:
        """Return within seconds if the store can serve; raises StoreUnavailable or SchemaMismatch if it cannot."""
        ...

    def is_behind(self) -> bool:
        """Tell whether `migrate` would upgrade a schema that can serve without the upgrade."""
        ...

    def watch(self) -> bool:
        """Have `commits` signal the commits of every other process and handle, too; tell whether the store can.

        Where it cannot, relays poll. It may be repeated.
        """
        ...

    def migrate(self) -> str:
        """Upgrade the schema to this version, from any earlier one or none, and return its name; it may be repeated.

        Processes of this version and the one before can serve meanwhile. A schema of a later version with which this
        one can serve is not changed.
        """
        ...

    def close(self) -> None:
        """Release connections; the store is not used afterwards."""
        ...


class SchemaMismatch(Exception):
    """The store's schema is not one that this version can serve with."""

    code = "schema_mismatch"


class SchemaMissing(SchemaMismatch):
    """There is no schema yet."""

    code = "schema_missing"


class SchemaTooOld(SchemaMismatch):
    """This version needs a newer schema, to which `migrate` upgrades."""

    code = "schema_too_old"


class SchemaTooNew(SchemaMismatch):
    """A later version has removed what this one needs."""

    code = "schema_too_new"
