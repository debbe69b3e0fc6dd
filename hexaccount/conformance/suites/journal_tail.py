import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import disable, journal_of, save
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.journal_tail import JournalTail
from hexaccount.events.ports import EventFilter
from hexaccount.store_kit.store import Store
from hexaccount_system import SystemClock

WRITERS = 6
USERS_PER_WRITER = 15
PATIENCE = 10.0


def tail_of(store: Store) -> JournalTail:
    """Return a tail that starts now."""
    tail = JournalTail(store.history, commits=store.commits, clock=SystemClock())
    assert list(tail.poll()) == []
    return tail


class JournalTailContract(ContractSuite):
    """A tail of the journal returns each event committed since, by any handle, once and in order."""

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
