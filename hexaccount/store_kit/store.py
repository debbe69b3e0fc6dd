from typing import Protocol

from hexaccount.accounts.ports import StoredProfiles
from hexaccount.events.ports import DeadLetters, History, Outbox, Subscriptions
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.rate_limits.ports import RateLimitStore
from hexaccount.retention.ports import RetentionStore
from hexaccount.signing_keys.ports import SigningKeys
from hexaccount.store_kit.unit_of_work import UnitOfWork


class Store(Protocol):
    """A family of adapters that belong together: where accounts, journal and deliveries are kept."""

    @property
    def outbox(self) -> Outbox: ...
    @property
    def dead_letters(self) -> DeadLetters: ...
    @property
    def subscriptions(self) -> Subscriptions: ...
    @property
    def history(self) -> History: ...
    @property
    def stored_profiles(self) -> StoredProfiles: ...
    @property
    def retention_store(self) -> RetentionStore: ...
    @property
    def signing_keys(self) -> SigningKeys: ...
    @property
    def rate_limits(self) -> RateLimitStore: ...
    @property
    def commits(self) -> CommitSignal:
        """Return the signal that every commit of events through this store gives."""
        ...

    def unit_of_work(self) -> UnitOfWork:
        """Return a new unit of work."""
        ...

    def check(self) -> None:
        """Return within seconds if the store can serve; raises StoreUnavailable, or SchemaMismatch when it cannot."""
        ...

    def is_behind(self) -> bool:
        """Tell whether `migrate` would bring a schema further with which the store can serve as it is."""
        return False

    def watch(self) -> None:
        """Let `commits` tell of commits in other processes too, where the store can."""
        ...

    def migrate(self) -> str:
        """Bring the schema to this version, from any earlier one or none, and return its name; may be repeated.

        What serves meanwhile, this version or the one before, goes on. A schema that a later version has made, and with
        which this one can serve, stays as it is.
        """
        ...

    def close(self) -> None:
        """Let go of connections; the store is not used afterwards."""
        ...


class SchemaMismatch(Exception):
    """The store's schema is not one that this version can serve with."""

    code = "schema_mismatch"


class SchemaMissing(SchemaMismatch):
    """There is no schema yet."""

    code = "schema_missing"


class SchemaTooOld(SchemaMismatch):
    """This version needs more than is there; `migrate` makes it."""

    code = "schema_too_old"


class SchemaTooNew(SchemaMismatch):
    """A later version has taken away what this one needs."""

    code = "schema_too_new"
