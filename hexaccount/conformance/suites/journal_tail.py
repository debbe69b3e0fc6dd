import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from uuid import UUID

from hexaccount.conformance.suites.contract_suite import SOURCE, ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import disable, journal_of, save
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.journal_tail import JournalTail
from hexaccount.events.ports import EventFilter
from hexaccount.kernel.identifiers import Identifiers, first_id_at
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_system import SystemClock

WRITERS = 6
USERS_PER_WRITER = 15
PATIENCE = 10.0


def tail_of(store: Store) -> JournalTail:
    """Return a tail that starts now."""
    tail = JournalTail(store.history, commits=store.commits, clock=SystemClock())
    assert list(tail.poll()) == []
    return tail


class ClockIdentifiers(Identifiers):
    """Makes ids by the time of a clock."""

    def __init__(self, clock: AdjustableClock) -> None:
        self._clock = clock
        self._numbers = count(1)

    def new(self) -> UUID:
        return UUID(int=first_id_at(self._clock.now()).int + next(self._numbers))


class HeldUpCommit:
    """A hook that holds up the next commit between the making of its entries and the write, while `meanwhile` runs."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], None] | None = None

    def __call__(self, _entries: Sequence[JournalEntry]) -> None:
        run, self.meanwhile = self.meanwhile, None
        if run is not None:
            run()


class JournalTailContract(ContractSuite):
    """A tail of the journal returns each event committed since, by any handle, once, those of an aggregate in order.

    Between aggregates, an event whose commit was held up comes after others that were made later.
    """

    def test_the_tail_returns_later_commits_once_and_no_earlier_ones(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        save(store, factory.user())
        tail = tail_of(store)
        user = factory.user()
        save(other_store, user, factory.profile(user.id))
        disable(other_store, user.id, factory.now())
        events = tail.poll()
        assert {entry.subject for entry in events} == {user.id}
        assert [entry for entry in events if entry.aggregate == "user"] == list(journal_of(store, user))
        assert len(events) == 3
        assert list(tail.poll()) == []

    def test_an_event_held_up_before_its_commit_is_found_before_the_next_of_its_aggregate(
        self, under_test: StoreUnderTest, factory: Factory
    ) -> None:
        clock, held_up = AdjustableClock(), HeldUpCommit()
        store = under_test.open_migrated(EventRecorder(ClockIdentifiers(clock), SOURCE, before_commit=[held_up]))
        tail = JournalTail(store.history, commits=store.commits, clock=clock)
        received = list(tail.poll())
        user, later = factory.user(), factory.user()

        def commit_another_and_poll() -> None:
            save(store, later)
            for seconds in (0.3, 0.4):
                clock.advance(seconds=seconds)
                received.extend(tail.poll())

        held_up.meanwhile = commit_another_and_poll
        save(store, user)
        clock.advance(seconds=0.05)
        disable(store, user.id, factory.now())
        for _ in range(3):
            received += tail.poll()
            clock.advance(seconds=1)
        expected = [(later.id, 1), (user.id, 1), (user.id, 2)]
        assert [(entry.aggregate_id, entry.sequence) for entry in received] == expected

    def test_the_tail_returns_each_event_of_concurrent_commits_once(self, store: Store, factory: Factory) -> None:
        tail = tail_of(store)
        users = [factory.user() for _ in range(WRITERS * USERS_PER_WRITER)]

        def write(number: int) -> None:
            for user in users[number::WRITERS]:
                save(store, user)
                disable(store, user.id, factory.now())

        events: list[JournalEntry] = []
        with ThreadPoolExecutor(WRITERS) as threads:
            writing = [threads.submit(write, number) for number in range(WRITERS)]
            while not all(writer.done() for writer in writing):
                events += tail.poll()
        for writer in writing:
            writer.result()
        give_up = time.monotonic() + PATIENCE
        # An event whose transaction had to wait for the others is found when the tail next reads back far.
        while len(events) < 2 * len(users) and time.monotonic() < give_up:
            events += tail.poll()
        events += tail.poll()
        assert (
            len(events) == len({entry.id for entry in events}) == store.history.count(EventFilter()) == 2 * len(users)
        )
        sequences: defaultdict[UUID, list[int]] = defaultdict(list)
        for entry in events:
            sequences[entry.aggregate_id].append(entry.sequence)
        assert set(map(tuple, sequences.values())) == {(1, 2)}
