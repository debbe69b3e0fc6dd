from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from hexaccount.conformance.suites.audit import JournalAudit
from hexaccount.conformance.suites.people import People
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_system import Uuid7Identifiers

SOURCE = "urn:hexaccount:contract"


@dataclass(slots=True)
class StoreUnderTest:
    """A store that nobody has used yet, and how a handle on it is opened, any number of times.

    Every handle sees what is committed through any other. Where processes share the store, `opener` can be pickled.
    `rounds` is how often 32 threads race, `commands` is how many each of 8 threads sends at once.
    """

    opener: Callable[[EventRecorder], Store]
    rounds: int = 10
    commands: int = 500
    _open: list[Store] = field(default_factory=list)

    def open(self, source: str = SOURCE) -> Store:
        """Return a handle, which is closed after the test."""
        store = self.opener(EventRecorder(Uuid7Identifiers(), source))
        self._open.append(store)
        return store

    def close(self) -> None:
        """Close every handle."""
        while self._open:
            self._open.pop().close()


class ContractSuite:
    """The fixtures of every suite but one: `under_test`, a StoreUnderTest, is for the tests of each store to give."""

    @pytest.fixture
    def people(self) -> People:
        """Return who makes what the test stores."""
        return People()

    @pytest.fixture
    def audit(self, people: People) -> JournalAudit:
        """Return who sees every journal of the test."""
        return JournalAudit(people)

    @pytest.fixture
    def store(self, under_test: StoreUnderTest, audit: JournalAudit) -> Store:
        """Return a migrated store."""
        store = under_test.open()
        store.migrate()
        audit.begin(store)
        return store

    @pytest.fixture
    def another(self, under_test: StoreUnderTest, store: Store) -> Store:
        """Return a further handle on the same store."""
        return under_test.open()

    @pytest.fixture(autouse=True)
    def _every_journal_folds_to_what_is_stored(self, under_test: StoreUnderTest, audit: JournalAudit) -> Iterator[None]:
        try:
            yield
            if audit.has_begun:
                audit.check(under_test.open())
        finally:
            under_test.close()
