from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import disable, journal_of, save
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.journal_tail import JournalTail
from hexaccount.events.ports import EventFilter
from hexaccount.store_kit.store import Store
from hexaccount_system import SystemClock

WRITERS = 6
EACH = 15


def follower_of(store: Store) -> JournalTail:
    """Return who follows a store's journal from now on."""
    follower = JournalTail(store.history, commits=store.commits, clock=SystemClock())
    assert list(follower.news()) == []
    return follower


class FollowingContract(ContractSuite):
    """Who follows the journal hears of all that is committed from then on, wherever, once and in order."""

    def test_what_others_commit_is_told_once_and_nothing_that_was_there(
        self, store: Store, another: Store, people: People
    ) -> None:
        save(store, people.user())
        follower = follower_of(store)
        user = people.user()
        save(another, user, people.profile(user.id))
        disable(another, user.id, people.now())
        told = follower.news()
        assert {entry.subject for entry in told} == {user.id}
        assert [entry for entry in told if entry.aggregate == "user"] == list(journal_of(store, user))
        assert len(told) == 3
        assert list(follower.news()) == []

    def test_nothing_of_what_many_commit_at_once_is_missed_or_told_twice(self, store: Store, people: People) -> None:
        follower = follower_of(store)
        users = [people.user() for _ in range(WRITERS * EACH)]

        def write(number: int) -> None:
            for user in users[number::WRITERS]:
                save(store, user)
                disable(store, user.id, people.now())

        told: list[JournalEntry] = []
        with ThreadPoolExecutor(WRITERS) as threads:
            writing = [threads.submit(write, number) for number in range(WRITERS)]
            while not all(writer.done() for writer in writing):
                told += follower.news()
        for writer in writing:
            writer.result()
        told += follower.news()
        assert len(told) == len({entry.id for entry in told}) == store.history.count(EventFilter()) == 2 * len(users)
        sequences: defaultdict[UUID, list[int]] = defaultdict(list)
        for entry in told:
            sequences[entry.aggregate_id].append(entry.sequence)
        assert set(map(tuple, sequences.values())) == {(1, 2)}
