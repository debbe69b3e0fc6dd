"""The unit of work of every store: what a commit gives to the store, and what it does with the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.accounts.users import USERS, Users
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.causation import Cause, caused_by
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.records import LookUp, Records
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount.sessions.sessions import SESSIONS, Sessions
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.transaction import Batch, BrokenRule
from hexaccount.store_kit.unit_of_work import StoreUnitOfWork
from hexaccount_memory.tables import Tables
from hexaccount_memory.transaction import MemoryTransaction
from tests.hexagon.sample_accounts import USER_ID, open_session, registered_user
from tests.hexagon.store_kit.seats import SEATS, CodeTaken, LabelTaken, Seat

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
SEAT = Seat(number=1, label="a", code="1")
IN_HALL = LookUp(equal=("room",))
HANDLED = ("subscriber", UUID(int=1))


@dataclass(frozen=True, slots=True)
class RecordingTransaction(MemoryTransaction):
    """A transaction that records what is written and how often it was ended, and that can refuse.

    refusals: what the next commits raise.
    """

    refusals: list[Exception] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    ends: list[None] = field(default_factory=list)

    def write(self, batch: Batch) -> bool:
        if self.refusals:
            raise self.refusals.pop()
        self.batches.append(replace(batch, handled=list(batch.handled)))
        return MemoryTransaction.write(self, batch)

    def end(self) -> None:
        self.ends.append(None)


@dataclass(slots=True)
class Store:
    """Units of work on one transaction, and the entries that the hooks around each commit have received.

    first: the first revisions of the records that it had at first, by their keys.
    """

    recorder: EventRecorder
    transaction: RecordingTransaction = field(default_factory=lambda: RecordingTransaction(Tables()))
    commits: CommitSignal = field(default_factory=CommitSignal)
    before: list[Sequence[JournalEntry]] = field(default_factory=list)
    after: list[Sequence[JournalEntry]] = field(default_factory=list)
    first: dict[object, int] = field(default_factory=dict)

    def begin(self) -> StoreUnitOfWork:
        hooks = replace(self.recorder, before_commit=[self.before.append], on_commit=[self.after.append])
        return StoreUnitOfWork(self.transaction, hooks, self.commits)


@pytest.fixture
def kept(recorder: EventRecorder) -> Store:
    """Give a store with one seat, one account, and one event that was handled."""
    store = Store(recorder)
    with store.begin() as uow:
        uow.records(SEATS).add(SEAT)
        Users(uow).add(registered_user())
        uow.inbox.add(*HANDLED)
        uow.commit()
    (batch,) = store.transaction.batches
    store.first = {change.key: change.next_revision for change in batch.changes}
    for record in (store.before, store.after, store.transaction.batches, store.transaction.ends):
        record.clear()
    return store


def test_a_commit_writes_changes_and_entries_in_the_order_of_the_first_look_ups(kept: Store) -> None:
    with kept.begin() as uow:
        user = Users(uow).get(USER_ID)
        session = open_session(user)
        Sessions(uow).add(session)
        uow.records(SEATS).replace(replace(SEAT, room="attic"))
        user.disable(NOON)
        session.close(NOON)
        uow.inbox.add("another", HANDLED[1])
        uow.commit()
    (batch,) = kept.transaction.batches
    assert [(change.record_type.name, change.key, change.revision) for change in batch.changes] == [
        ("users", USER_ID, kept.first[USER_ID]),
        ("sessions", session.id, 0),
        ("seats", 1, kept.first[1]),
    ]
    written = [(entry.aggregate, entry.sequence) for entry in batch.entries]
    assert written == [("user", 2), ("session", 1), ("session", 2)]
    assert list(batch.handled) == [("another", HANDLED[1])]


def test_the_hooks_receive_the_entries_before_and_after_a_commit(kept: Store) -> None:
    with kept.begin() as uow:
        Users(uow).get(USER_ID).disable(NOON)
        uow.commit()
    (batch,) = kept.transaction.batches
    assert kept.before == kept.after == [batch.entries]
    assert [entry.type for entry in batch.entries] == ["hexaccount.user.disabled.v1"]


def test_a_commit_of_nothing_writes_nothing(kept: Store) -> None:
    with kept.begin() as uow:
        Users(uow).get(USER_ID)
        uow.records(SEATS).replace(SEAT)
        uow.commit()
    assert kept.transaction.batches == []
    assert not any(kept.before + kept.after)
    assert kept.commits.count == 1


def test_a_second_commit_writes_what_came_after_the_first(kept: Store) -> None:
    with kept.begin() as uow:
        with caused_by(Cause(causation_id="first")):
            user = Users(uow).get(USER_ID)
            user.disable(NOON)
        uow.inbox.add("another", HANDLED[1])
        uow.commit()
        uow.commit()
        with caused_by(Cause(causation_id="second")):
            Users(uow).get(USER_ID).enable(NOON)
        uow.commit()
    first, second = kept.transaction.batches
    assert [[(entry.sequence, entry.causation_id) for entry in batch.entries] for batch in (first, second)] == [
        [(2, "first")],
        [(3, "second")],
    ]
    revision = kept.first[USER_ID]
    assert [change.revision for batch in (first, second) for change in batch.changes] == [revision, revision + 1]
    assert (len(first.handled), len(second.handled)) == (1, 0)
    assert user.pending == []


def test_a_refused_commit_can_be_repeated_and_runs_no_hook_after_it(kept: Store) -> None:
    kept.transaction.refusals.append(StoreUnavailable())
    with kept.begin() as uow:
        Users(uow).get(USER_ID).disable(NOON)
        uow.inbox.add("another", HANDLED[1])
        with pytest.raises(StoreUnavailable):
            uow.commit()
        assert (len(kept.before), kept.after, kept.commits.count) == (1, [], 1)
        uow.commit()
    (batch,) = kept.transaction.batches
    assert ([entry.sequence for entry in batch.entries], len(batch.handled)) == ([2], 1)
    assert (len(kept.after), kept.commits.count) == (1, 2)


def test_the_commit_of_events_is_signalled(kept: Store) -> None:
    with kept.begin() as uow:
        uow.records(SEATS).add(Seat(number=2))
        uow.inbox.add("another", HANDLED[1])
        uow.commit()
        assert kept.commits.count == 1
        Users(uow).get(USER_ID).disable(NOON)
        uow.commit()
    assert kept.commits.count == 2


def test_the_error_of_a_broken_rule_is_that_of_the_store_if_it_knows_it(kept: Store) -> None:
    kept.transaction.refusals.append(BrokenRule(CodeTaken()))
    with kept.begin() as uow:
        uow.records(SEATS).add(replace(SEAT, number=2))
        with pytest.raises(CodeTaken):
            uow.commit()


def test_the_error_of_a_rule_that_the_store_does_not_know_is_found_by_reading(kept: Store) -> None:
    for handled, expected in ((HANDLED, AlreadyHandled), (("another", HANDLED[1]), LabelTaken)):
        kept.transaction.refusals.append(BrokenRule())
        with kept.begin() as uow:
            uow.records(SEATS).add(replace(SEAT, number=2))
            uow.inbox.add(*handled)
            with pytest.raises(expected):
                uow.commit()


def test_a_rule_that_is_not_broken_any_more_makes_the_last_change_stale(kept: Store) -> None:
    kept.transaction.refusals.append(BrokenRule())
    with kept.begin() as uow:
        Users(uow).get(USER_ID).disable(NOON)
        uow.records(SEATS).replace(replace(SEAT, room="attic"))
        with pytest.raises(StaleVersion) as refusal:
            uow.commit()
    assert (refusal.value.kind, refusal.value.key) == ("seat", 1)
    kept.transaction.refusals.append(BrokenRule())
    with kept.begin() as uow:
        uow.inbox.add("another", HANDLED[1])
        with pytest.raises(AlreadyHandled):
            uow.commit()


def test_a_record_that_was_changed_meanwhile_is_stale(kept: Store) -> None:
    with kept.begin() as uow, kept.begin() as faster:
        for room, each in (("attic", faster), ("cellar", uow)):
            each.records(SEATS).replace(replace(SEAT, room=room))
        faster.commit()
        with pytest.raises(StaleVersion):
            uow.commit()
        assert kept.begin().records(SEATS).get(1) == replace(SEAT, room="attic")


def test_what_is_absent_is_not_read_again_and_adding_it_is_stale_if_it_is_stored_meanwhile(kept: Store) -> None:
    with kept.begin() as uow, kept.begin() as faster:
        seats = uow.records(SEATS)
        seats.prefetch([1, 2])
        faster.records(SEATS).add(Seat(number=2, label="faster"))
        faster.commit()
        assert (seats.get(1), seats.get(2)) == (SEAT, None)
        seats.add(Seat(number=2))
        assert seats.get(2) == Seat(number=2)
        with pytest.raises(StaleVersion):
            uow.commit()


def test_a_removed_record_is_gone_at_once_and_for_others_after_the_commit(kept: Store) -> None:
    with kept.begin() as uow:
        seats = uow.records(SEATS)
        seats.remove(SEAT)
        assert (seats.get(1), seats.find("label", "a")) == (None, None)
        assert kept.begin().records(SEATS).get(1) == SEAT
        uow.commit()
    assert kept.begin().records(SEATS).get(1) is None


def test_a_page_leaves_out_records_that_were_removed_in_the_unit_of_work(kept: Store) -> None:
    others = [Seat(number=number) for number in (2, 3)]
    with kept.begin() as uow:
        for other in others:
            uow.records(SEATS).add(other)
        uow.commit()
    with kept.begin() as uow:
        seats = uow.records(SEATS)
        seats.remove(others[0])
        assert seats.page(IN_HALL, limit=None, room="hall") == [SEAT, others[1]]
        assert kept.begin().records(SEATS).page(IN_HALL, limit=None, room="hall") == [SEAT, *others]
        uow.commit()
        assert seats.page(IN_HALL, limit=None, room="hall") == [SEAT, others[1]]


def test_a_removed_record_comes_with_none_that_it_refers_to_and_a_removed_reference_with_none(kept: Store) -> None:
    with kept.begin() as uow:
        session = open_session(Users(uow).get(USER_ID))
        Sessions(uow).add(session)
        uow.commit()
    for removed in (SESSIONS, USERS):
        with kept.begin() as uow:
            sessions = uow.records(SESSIONS)
            assert sessions.with_references(session.id)
            records: Records[Any] = uow.records(removed)
            records.remove(records.get(session.id if removed is SESSIONS else USER_ID))
            assert sessions.with_references(session.id) is None


def test_removing_a_record_and_adding_one_with_its_key_is_an_update(kept: Store) -> None:
    successor = Seat(number=1, label="b", code="1")
    with kept.begin() as uow:
        seats = uow.records(SEATS)
        seats.remove(SEAT)
        seats.add(successor)
        assert seats.get(1) is successor
        uow.commit()
        seats.replace(replace(successor, room="attic"))
        uow.commit()
    revision = kept.first[1]
    changes = [change for batch in kept.transaction.batches for change in batch.changes]
    assert [(change.revision, change.next_revision) for change in changes] == [
        (revision, revision + 1),
        (revision + 1, revision + 2),
    ]
    assert kept.begin().records(SEATS).get(1) == replace(successor, room="attic")
    assert kept.begin().records(SEATS).find("label", "a") is None


def test_after_the_commit_of_a_removal_its_unit_of_work_can_add_a_record_with_the_key(kept: Store) -> None:
    with kept.begin() as uow:
        seats = uow.records(SEATS)
        seats.remove(SEAT)
        uow.commit()
        seats.add(replace(SEAT, room="attic"))
        uow.commit()
    (_, added) = (change for batch in kept.transaction.batches for change in batch.changes)
    assert added.is_new
    assert kept.begin().records(SEATS).get(1) == replace(SEAT, room="attic")


def test_a_record_that_was_read_is_not_taken_for_a_later_one_with_its_key(kept: Store) -> None:
    with kept.begin() as uow:
        assert uow.records(SEATS).get(1) == SEAT
        for change in ("remove", "add"):
            with kept.begin() as faster:
                getattr(faster.records(SEATS), change)(SEAT)
                faster.commit()
        uow.records(SEATS).replace(replace(SEAT, room="attic"))
        with pytest.raises(StaleVersion):
            uow.commit()


@pytest.mark.parametrize("change", ["replace", "remove"])
def test_a_record_that_is_not_stored_can_be_neither_replaced_nor_removed(kept: Store, change: str) -> None:
    with kept.begin() as uow, pytest.raises(LookupError, match="there is no seat 2"):
        getattr(uow.records(SEATS), change)(Seat(number=2))


@pytest.mark.parametrize("commits", [True, False])
def test_leaving_the_block_drops_what_was_not_committed_and_ends_the_transaction(kept: Store, commits: bool) -> None:
    with kept.begin() as uow:
        user = Users(uow).get(USER_ID)
        if commits:
            uow.commit()
        user.disable(NOON)
        uow.inbox.add("another", HANDLED[1])
    assert kept.transaction.ends == [None]
    uow.commit()
    assert kept.transaction.batches == []


def test_an_error_within_the_block_is_raised_and_ends_the_transaction(kept: Store) -> None:
    def fail() -> None:
        with kept.begin() as uow:
            Users(uow).add(registered_user(UUID(int=2)))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (kept.transaction.ends, kept.transaction.batches) == ([None], [])


def test_a_refused_name_is_that_of_the_declaration(kept: Store) -> None:
    with kept.begin() as uow:
        uow.records(USERS).add(registered_user(UUID(int=2)))
        with pytest.raises(UserNameTaken):
            uow.commit()
    found = Users(kept.begin()).find_by_name("juliet")
    assert found
    assert found.id == USER_ID
