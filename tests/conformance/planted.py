"""Bugs that stores have been seen to have, planted into the memory store, and the test of the kit that finds each."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import sleep
from typing import Any
from uuid import UUID, uuid4

import pytest

from hexaccount.application.limits import Filling, Limit
from hexaccount.application.ports.allowances import Exhausted
from hexaccount.application.ports.keyed_requests import KeyedRequest
from hexaccount.application.ports.outbox import Delivery
from hexaccount.application.ports.unit_of_work import StaleVersion
from hexaccount.application.recorder import Recorder
from hexaccount.domain.errors import EmailTaken, UserNameTaken
from hexaccount.domain.profile import Profile
from hexaccount.domain.session import Session
from hexaccount.domain.user import User
from hexaccount_memory import MemoryAllowances, clearing, outbox, repositories, tables, unit_of_work
from hexaccount_memory.clearing import MemoryClearing
from hexaccount_memory.keyed_requests import MemoryKeyedRequests
from hexaccount_memory.outbox import MemoryOutbox
from hexaccount_memory.repositories import MemoryUsers
from hexaccount_memory.signing_keys import MemorySigningKeys
from hexaccount_memory.store import MemoryStore
from hexaccount_memory.unit_of_work import MemoryUnitOfWork

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Bug:
    """A bug, and the suite and the test that have to find it."""

    plant: Plant
    suite: str
    test: str

    @property
    def contract(self) -> str:
        """Return the name of the class that runs the kit on a store with this bug."""
        return "Test" + "".join(word.capitalize() for word in self.plant.__name__.split("_"))

    @property
    def node(self) -> str:
        """Return where pytest finds the test."""
        return f"{self.contract}::Test{self.suite}::{self.test}"


class PlantedStore:
    """A memory store and the handles on it."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.store = MemoryStore(recorder)

    def another(self) -> MemoryStore:
        """Return a further handle, which is the store itself."""
        return self.store


BUGS: dict[str, Bug] = {}


def found_by(suite: str, test: str) -> Callable[[Plant], Plant]:
    """Register a bug with the test that finds it."""

    def register(plant: Plant) -> Plant:
        BUGS[plant.__name__] = Bug(plant, suite, test)
        return plant

    return register


def ignoring(method: Callable[..., Any], *refusals: type[Exception]) -> Callable[..., Any]:
    """Return a method that does the same and keeps these refusals to itself."""

    def lenient(*given: Any) -> None:
        with suppress(*refusals):
            method(*given)

    return lenient


# What a transaction is.


@found_by("Rollback", "test_leaving_without_a_commit_stores_nothing")
def leaving_commits(patch: pytest.MonkeyPatch) -> None:
    def leave(self: MemoryUnitOfWork, *error: object) -> None:
        self.commit()
        self._work.forget()

    patch.setattr(MemoryUnitOfWork, "__exit__", leave)


@found_by("Rollback", "test_an_exception_stores_nothing_and_passes_through")
def exceptions_are_swallowed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryUnitOfWork, "__exit__", lambda self, *error: True)


@found_by("Rollback", "test_a_refused_address_undoes_all_the_rest")
def the_journal_is_outside_the_transaction(patch: pytest.MonkeyPatch) -> None:
    check = MemoryUnitOfWork._check

    def journal_first(self: MemoryUnitOfWork, change: Any, earlier: Any) -> None:
        check(self, change, earlier)
        self._tables.journal[change.aggregate.kind, change.aggregate.id].extend(change.entries)
        change.entries.clear()

    patch.setattr(MemoryUnitOfWork, "_check", journal_first)


@found_by("Rollback", "test_a_refused_name_undoes_all_the_rest")
def the_inbox_is_outside_the_transaction(patch: pytest.MonkeyPatch) -> None:
    check = MemoryUnitOfWork._check_inbox

    def note_first(self: MemoryUnitOfWork) -> None:
        check(self)
        self._tables.inbox.update(self._work.orders.handled)

    patch.setattr(MemoryUnitOfWork, "_check_inbox", note_first)


@found_by("StaleVersion", "test_the_second_of_two_changes_to_one_profile_is_stale")
def the_version_is_not_compared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryUnitOfWork, "_check", ignoring(MemoryUnitOfWork._check, StaleVersion))


@found_by("StaleVersion", "test_of_16_units_of_work_on_one_version_one_wins")
def the_version_is_compared_before_the_lock_is_held(patch: pytest.MonkeyPatch) -> None:
    class NoLock:
        def __enter__(self) -> None: ...
        def __exit__(self, *error: object) -> None: ...

    write = MemoryUnitOfWork._write

    def slowly(self: MemoryUnitOfWork, changes: Any) -> None:
        sleep(0.001)  # as long as a disk takes
        write(self, changes)

    patch.setattr(MemoryUnitOfWork, "_write", slowly)
    init = tables.Tables.__init__

    def without_lock(self: tables.Tables, *given: Any, **more: Any) -> None:
        init(self, *given, **more)
        self.lock = NoLock()  # type: ignore[assignment]  # that is the bug

    patch.setattr(tables.Tables, "__init__", without_lock)


# What is unique.


@found_by("Uniqueness", "test_a_user_name_is_taken_in_every_equal_spelling")
def user_names_are_not_unique(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryUnitOfWork, "_check", ignoring(MemoryUnitOfWork._check, UserNameTaken))


@found_by("Uniqueness", "test_an_address_is_taken_in_every_equal_spelling")
def addresses_are_not_unique(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryUnitOfWork, "_check", ignoring(MemoryUnitOfWork._check, EmailTaken))


@found_by("Uniqueness", "test_the_name_is_refused_first_when_both_are_taken_by_one_account")
def the_address_is_refused_first(patch: pytest.MonkeyPatch) -> None:
    check = MemoryUnitOfWork._check

    def address_first(self: MemoryUnitOfWork, change: Any, earlier: Any) -> None:
        user = change.aggregate
        if isinstance(user, User) and change.stored_version == 0 and user.email.key in self._tables.emails:
            raise EmailTaken
        check(self, change, earlier)

    patch.setattr(MemoryUnitOfWork, "_check", address_first)


@found_by("Repositories", "test_a_look_up_takes_the_key_as_it_is")
def look_ups_ignore_case_and_blanks(patch: pytest.MonkeyPatch) -> None:
    find = MemoryUsers.find_by_name
    patch.setattr(MemoryUsers, "find_by_name", lambda self, key: find(self, key.lower().strip()))


@found_by("RefreshToken", "test_a_token_read_before_a_rotation_cannot_be_rotated_after_it")
def a_refresh_token_may_have_two_successors(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryUnitOfWork, "_check_tokens", lambda self: None)
    patch.setattr(MemoryUnitOfWork, "_check", ignoring(MemoryUnitOfWork._check, StaleVersion))


@found_by("Inbox", "test_an_event_is_handled_once_by_each_subscriber")
def the_inbox_is_not_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryUnitOfWork, "_check_inbox", lambda self: None)


# What is read.


@found_by("Paging", "test_pages_ascend_by_id_as_a_number")
def pages_go_by_the_low_half_of_the_id(patch: pytest.MonkeyPatch) -> None:
    def page(self: MemoryUsers, *, limit: int, after: UUID | None) -> Sequence[User]:
        ids = [user_id for user_id in self.tables.users if after is None or user_id > after]
        ids.sort(key=lambda user_id: user_id.bytes[8:])
        return [self.work.keep(tables.copy_of(self.tables.users[user_id])) for user_id in ids[:limit]]

    patch.setattr(MemoryUsers, "page", page)


@found_by("Paging", "test_a_page_begins_after_the_given_id_whether_it_is_there_or_not")
def the_first_of_each_later_page_is_skipped(patch: pytest.MonkeyPatch) -> None:
    page = MemoryUsers.page

    def late(self: MemoryUsers, *, limit: int, after: UUID | None) -> Sequence[User]:
        return page(self, limit=limit + bool(after), after=after)[bool(after) :]

    patch.setattr(MemoryUsers, "page", late)


@found_by("Repositories", "test_a_commit_is_seen_by_the_next_unit_of_work_everywhere")
def a_second_handle_sees_nothing_of_the_first(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PlantedStore, "another", lambda self: MemoryStore(self.recorder))


@found_by("Repositories", "test_what_a_reader_does_to_its_object_does_not_reach_the_store")
def readers_get_what_is_stored_itself(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(repositories, "copy_of", lambda aggregate: aggregate)


@found_by("Repositories", "test_a_time_comes_back_equal_and_in_utc")
def milliseconds_are_dropped(patch: pytest.MonkeyPatch) -> None:
    copy = tables.copy_of

    def without_milliseconds(aggregate: Any) -> Any:
        stored = copy(aggregate)
        if isinstance(stored, Session):
            stored.expires_at = stored.expires_at.replace(microsecond=0)
            stored.opened_at = stored.opened_at.replace(microsecond=0)
        return stored

    patch.setattr(unit_of_work, "copy_of", without_milliseconds)


@found_by("TextFidelity", "test_adversarial_text_survives")
def text_is_trimmed(patch: pytest.MonkeyPatch) -> None:
    copy = tables.copy_of

    def trimmed(aggregate: Any) -> Any:
        stored = copy(aggregate)
        if isinstance(stored, Profile) and stored.bio:
            stored.bio = stored.bio[:20].rstrip()
        return stored

    patch.setattr(unit_of_work, "copy_of", trimmed)


@found_by("PasswordHash", "test_a_hash_stays_where_another_is_there_by_then")
def a_hash_is_replaced_whatever_is_there(patch: pytest.MonkeyPatch) -> None:
    def replace_any(self: MemoryUsers, user_id: UUID, *, old: str, new: str) -> None:
        self.set_hash(user_id, new)

    patch.setattr(MemoryUsers, "replace_hash", replace_any)


# What is owed.


@found_by("Claims", "test_nothing_is_claimed_twice_during_a_lease")
def leases_are_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "_is_due", lambda owed, now: owed.due_at is None or owed.due_at <= now)


@found_by("Claims", "test_later_events_wait_while_an_earlier_one_is_postponed")
def later_events_overtake_a_postponed_one(patch: pytest.MonkeyPatch) -> None:
    def claim(self: MemoryOutbox, subscriber: str, *, limit: int, now: datetime, lease: timedelta) -> list[Delivery]:
        token = uuid4()
        waiting = [owed for pair in self.tables.owed[subscriber].values() for owed in pair]
        due = [owed for owed in waiting if not owed.set_aside and outbox._is_due(owed, now)][:limit]
        for owed in due:
            owed.lease, owed.leased_until = token, now + lease
        return [Delivery(subscriber=subscriber, entry=owed.entry, attempts=owed.attempts, lease=token) for owed in due]

    patch.setattr(MemoryOutbox, "claim", claim)


@found_by("DeliveryEnds", "test_what_is_settled_is_owed_no_more")
def settling_one_event_loses_the_others_of_its_aggregate(patch: pytest.MonkeyPatch) -> None:
    def settle(self: MemoryOutbox, deliveries: Collection[Delivery]) -> None:
        for each in deliveries:
            self.tables.owed[each.subscriber].pop((each.entry.aggregate, each.entry.aggregate_id), None)

    patch.setattr(MemoryOutbox, "settle", settle)


@found_by("DeliveryEnds", "test_settling_is_for_one_subscriber")
def settling_is_for_all_subscribers(patch: pytest.MonkeyPatch) -> None:
    settle = MemoryOutbox.settle

    def for_all(self: MemoryOutbox, deliveries: Collection[Delivery]) -> None:
        for subscriber in list(self.tables.owed):
            if subscriber != "contract-audit":
                settle(self, [replace(each, subscriber=subscriber) for each in deliveries])

    patch.setattr(MemoryOutbox, "settle", for_all)


@found_by("DeliveryEnds", "test_who_lost_the_lease_cannot_postpone")
def who_lost_the_lease_may_end_the_claim(patch: pytest.MonkeyPatch) -> None:
    def held(self: MemoryOutbox, delivery: Delivery) -> list[Any]:
        return [owed for owed in self._waiting(delivery) if owed.entry.id == delivery.entry.id]

    patch.setattr(MemoryOutbox, "_held", held)


@found_by("DeliveryEnds", "test_a_postponed_delivery_counts_a_failure")
def failures_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    def postpone(self: MemoryOutbox, delivery: Delivery, *, until: datetime, error: str) -> None:
        for owed in self._held(delivery):
            owed.due_at, owed.error, owed.lease, owed.leased_until = until, error, None, None

    patch.setattr(MemoryOutbox, "postpone", postpone)


@found_by("SetAside", "test_a_retry_leaves_claims_and_counted_failures_to_what_is_not_set_aside")
def a_retry_takes_claims_away(patch: pytest.MonkeyPatch) -> None:
    retry = MemoryOutbox.retry

    def retry_all(self: MemoryOutbox, **chosen: Any) -> int:
        for _, owed in self._all():
            owed.lease, owed.leased_until, owed.attempts = None, None, 0
        return retry(self, **chosen)

    patch.setattr(MemoryOutbox, "retry", retry_all)


@found_by("Enrolment", "test_a_type_and_the_sign_for_all_owe_an_event_once")
def an_event_is_owed_once_for_each_reason(patch: pytest.MonkeyPatch) -> None:
    def owe(self: MemoryUnitOfWork, change: Any) -> None:
        for subscriber, types in self._tables.subscriptions.items():
            owed = [
                tables.OwedDelivery(entry=entry)
                for entry in change.entries
                for reason in types
                if reason in (entry.type, "*")
            ]
            if owed:
                pair = (change.aggregate.kind, change.aggregate.id)
                self._tables.owed[subscriber].setdefault(pair, []).extend(owed)

    patch.setattr(MemoryUnitOfWork, "_owe", owe)


@found_by("CommitSignal", "test_who_is_woken_by_a_commit_finds_its_events")
def a_commit_is_told_of_too_early(patch: pytest.MonkeyPatch) -> None:
    commit = MemoryUnitOfWork.commit

    def told_first(self: MemoryUnitOfWork) -> None:
        self._commits.give()
        sleep(0.005)  # as long as a disk takes
        commit(self)

    patch.setattr(MemoryUnitOfWork, "commit", told_first)


@found_by("CommitSignal", "test_what_stores_no_event_is_not_told_of")
def commits_without_events_are_told_of(patch: pytest.MonkeyPatch) -> None:
    commit = MemoryUnitOfWork.commit

    def always_told(self: MemoryUnitOfWork) -> None:
        commit(self)
        self._commits.give()

    patch.setattr(MemoryUnitOfWork, "commit", always_told)


# What is counted, remembered and cleared.


@found_by("Allowances", "test_a_burst_is_admitted_and_then_one_each_interval")
def one_attempt_too_many_is_admitted(patch: pytest.MonkeyPatch) -> None:
    take = MemoryAllowances.take

    def lenient(self: MemoryAllowances, limits: Mapping[str, Limit], now: datetime) -> dict[str, Filling]:
        wider = {
            key: replace(limit, brief=replace(limit.brief, burst=limit.brief.burst + 1))
            for key, limit in limits.items()
        }
        return take(self, wider, now)

    patch.setattr(MemoryAllowances, "take", lenient)


@found_by("Allowances", "test_an_attempt_takes_from_all_keys_or_from_none")
def a_refused_attempt_has_taken_from_some_keys(patch: pytest.MonkeyPatch) -> None:
    take = MemoryAllowances.take

    def one_by_one(self: MemoryAllowances, limits: Mapping[str, Limit], now: datetime) -> dict[str, Filling]:
        taken: dict[str, Filling] = {}
        for key, limit in limits.items():
            taken |= take(self, {key: limit}, now)
        return taken

    patch.setattr(MemoryAllowances, "take", one_by_one)


@found_by("Allowances", "test_of_32_racing_attempts_as_many_are_admitted_as_there_is_room")
def attempts_are_read_and_then_written(patch: pytest.MonkeyPatch) -> None:
    def take(self: MemoryAllowances, limits: Mapping[str, Limit], now: datetime) -> dict[str, Filling]:
        before = {key: self._fillings.get(key, Filling(now, now)) for key in limits}
        sleep(0.0005)  # as long as a store elsewhere takes
        after = {}
        for key, limit in limits.items():
            filled = limit.fill(before[key], now)
            if filled is None:
                raise Exhausted(key, before[key])
            after[key] = filled
        self._fillings |= after
        return after

    patch.setattr(MemoryAllowances, "take", take)


@found_by("KeyedRequests", "test_the_first_answer_stays_and_another_request_keeps_its_key")
def a_later_answer_replaces_the_first(patch: pytest.MonkeyPatch) -> None:
    def write(self: MemoryKeyedRequests) -> None:
        self.tables.keyed_requests |= {request.key: request for request in self.work.orders.answered}

    patch.setattr(MemoryKeyedRequests, "write", write)


@found_by("KeyedRequests", "test_a_claim_outlives_the_unit_of_work_that_is_undone")
def a_claim_waits_for_the_commit(patch: pytest.MonkeyPatch) -> None:
    def claim(self: MemoryKeyedRequests, request: KeyedRequest, *, now: datetime) -> KeyedRequest | None:
        holder = self.tables.keyed_requests.get(request.key)
        if holder is None:
            self.work.orders.answered.append(request)
        return holder

    patch.setattr(MemoryKeyedRequests, "claim", claim)


@found_by("SigningKeys", "test_a_key_is_retired_once_and_stays_so")
def a_retired_key_can_be_retired_later(patch: pytest.MonkeyPatch) -> None:
    def retire(self: MemorySigningKeys, kid: str, at: datetime) -> bool:
        self.tables.signing_keys[kid] = replace(self.tables.signing_keys[kid], retired_at=at)
        return True

    patch.setattr(MemorySigningKeys, "retire", retire)


@found_by("Clearing", "test_sessions_go_once_they_were_closed_or_have_expired_before_the_moment")
def clearing_removes_live_sessions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clearing, "_has_ended", lambda session, before: session.opened_at < before)


@found_by("Clearing", "test_a_call_removes_no_more_than_its_limit")
def clearing_knows_no_limit(patch: pytest.MonkeyPatch) -> None:
    clear = MemoryClearing.clear
    patch.setattr(
        MemoryClearing, "clear", lambda self, kind, *, before, limit: clear(self, kind, before=before, limit=10**6)
    )


@found_by("Clearing", "test_the_journal_of_a_cleared_session_stays")
def clearing_takes_the_journal_along(patch: pytest.MonkeyPatch) -> None:
    def sessions(self: MemoryClearing, before: datetime, limit: int) -> int:
        ended = [key for key, session in self.tables.sessions.items() if clearing._has_ended(session, before)]
        for key in ended[:limit]:
            del self.tables.sessions[key]
            del self.tables.journal["session", key]
        return len(ended[:limit])

    patch.setattr(MemoryClearing, "_sessions", sessions)


@found_by("Clearing", "test_a_note_stays_while_its_event_is_owed_to_that_subscriber")
def notes_of_owed_events_are_cleared(patch: pytest.MonkeyPatch) -> None:
    def events(self: MemoryClearing, before: datetime, limit: int) -> int:
        first_kept = clearing.first_id_at(before)
        gone = [note for note in self.tables.inbox if note[1] < first_kept][:limit]
        self.tables.inbox.difference_update(gone)
        return len(gone)

    patch.setattr(MemoryClearing, "_events", events)
