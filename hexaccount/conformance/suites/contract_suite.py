import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.conformance.suites.audit import JournalAudit
from hexaccount.conformance.suites.factory import Factory
from hexaccount.kernel.records import RecordSchema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_system import Uuid7Identifiers

SOURCE = "urn:hexaccount:contract"


@dataclass(slots=True)
class StoreUnderTest:
    """An empty store, of which `open` returns any number of handles.

    opener: opens a handle that uses the recorder; every handle sees the commits of the others. If processes share the
        store, it is picklable. One handle, opened with the recorder of the first call, is enough for one process.
    rounds: the number of races of 32 threads; races of fewer threads, or of processes, are a multiple of it.
    commands: the number of commands that each of 8 threads sends.
    migrated: whether the store has its schema and KIT_RECORDS already, so that no test has to create them.
    """

    opener: Callable[[EventRecorder, RecordSchema], Store]
    rounds: int = 10
    commands: int = 500
    migrated: bool = False
    _open: list[Store] = field(default_factory=list)

    def open(self, recorder: EventRecorder | None = None, records: RecordSchema | None = None) -> Store:
        """Return a handle that is closed after the test, by default with the record types of this package."""
        store = self.opener(recorder or EventRecorder(Uuid7Identifiers(), SOURCE), records or record_schema())
        self._open.append(store)
        return store

    def open_migrated(self, recorder: EventRecorder | None = None, records: RecordSchema | None = None) -> Store:
        """Return a handle as `open` does, on a store with a schema."""
        store = self.open(recorder, records)
        if not self.migrated:
            store.migrate()
        return store

    def close(self) -> None:
        while self._open:
            self._open.pop().close()


def guarantee_of(suite: type, test: Callable[..., object]) -> str:
    """Return what a store promises by a test: the rules of its suite, and the one that the test's name states."""
    rule = test.__name__.removeprefix("test_").replace("_", " ")
    text = f"{inspect.getdoc(suite)}\nThis test: {rule}."
    return f"{text}\n{inspect.getdoc(test)}" if test.__doc__ else text


class ContractSuite:
    """The fixtures of every suite; the tests of each store add `under_test`, a StoreUnderTest."""

    @pytest.fixture(autouse=True)
    def _a_failure_names_the_guarantee(self, request: pytest.FixtureRequest) -> None:
        request.node.add_report_section("setup", "guarantee", guarantee_of(type(self), request.function))

    @pytest.fixture
    def factory(self) -> Factory:
        return Factory()

    @pytest.fixture
    def audit(self, factory: Factory) -> JournalAudit:
        return JournalAudit(factory)

    @pytest.fixture
    def store(self, under_test: StoreUnderTest, audit: JournalAudit) -> Store:
        """Return a migrated store."""
        store = under_test.open_migrated()
        audit.start(store)
        return store

    @pytest.fixture
    def other_store(self, under_test: StoreUnderTest, store: Store) -> Store:
        """Return another handle on the same store."""
        return under_test.open()

    @pytest.fixture(autouse=True)
    def _every_journal_folds_to_the_stored_state(
        self, under_test: StoreUnderTest, audit: JournalAudit
    ) -> Iterator[None]:
        try:
            yield
            if audit.has_started:
                audit.check(under_test.open())
        finally:
            under_test.close()
