from typing import Protocol

from hexaccount.application.commit_signal import CommitSignal
from hexaccount.application.ports.allowances import Allowances
from hexaccount.application.ports.clearing import Clearing
from hexaccount.application.ports.history import History
from hexaccount.application.ports.outbox import Outbox, SetAsideDeliveries
from hexaccount.application.ports.signing_keys import SigningKeys
from hexaccount.application.ports.stored_profiles import StoredProfiles
from hexaccount.application.ports.unit_of_work import UnitOfWork


class Store(Protocol):
    """A family of adapters that belong together: where accounts, journal and deliveries are kept."""

    @property
    def outbox(self) -> Outbox: ...
    @property
    def set_aside(self) -> SetAsideDeliveries: ...
    @property
    def history(self) -> History: ...
    @property
    def stored_profiles(self) -> StoredProfiles: ...
    @property
    def clearing(self) -> Clearing: ...
    @property
    def signing_keys(self) -> SigningKeys: ...
    @property
    def allowances(self) -> Allowances: ...
    @property
    def commits(self) -> CommitSignal:
        """Return the signal that every commit of events through this store gives."""
        ...

    def unit_of_work(self) -> UnitOfWork:
        """Return a new unit of work."""
        ...

    def check(self) -> None:
        """Return if the store can serve; raises StoreUnavailable, or SchemaMismatch when it needs migrating."""
        ...

    def watch(self) -> None:
        """Let `commits` tell of commits in other processes too, where the store can."""
        ...

    def migrate(self) -> str:
        """Bring the schema to this version, from any earlier one or none, and return its name; may be repeated."""
        ...

    def close(self) -> None:
        """Let go of connections; the store is not used afterwards."""
        ...


class SchemaMismatch(Exception):
    """The store's schema is missing, or not one that this version works with."""
