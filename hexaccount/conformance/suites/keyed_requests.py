import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.accounts.user import User
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.conformance.suites.interrupted_work import InterruptedWork
from hexaccount.conformance.suites.on_a_bus import bus_parts, registration
from hexaccount.conformance.suites.owing import A_MOMENT, NOW
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import Racers
from hexaccount.conformance.suites.storing import all_users, save
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.idempotency.idempotency_keys import RequestInFlight
from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.kernel.bus import Bus
from hexaccount.registration.register_user import RegisterUser
from hexaccount.store_kit.store import Store

LEASE = timedelta(seconds=60)
LIFETIME = timedelta(days=1)
THREADS = 32


def request(key: str = "key", fingerprint: str = "this", *, after: timedelta = timedelta()) -> IdempotencyRecord:
    """Return a request that claims its key now, or later."""
    at = NOW + after
    return IdempotencyRecord(key=key, fingerprint=fingerprint, claimed_until=at + LEASE, expires_at=at + LIFETIME)


class KeyedRequestsContract(ContractSuite):
    """A request with a key has its effect once, whoever sends it again and whoever crashes."""

    def test_a_key_that_nobody_has_is_taken_at_once(self, store: Store, another: Store) -> None:
        first = request()
        assert claim(store, first) is None
        assert find(another, "key") == first
        assert find(another, "KEY") is None

    def test_a_key_belongs_to_one_request_at_a_time(self, store: Store, another: Store) -> None:
        first = request()
        claim(store, first)
        for later in (first, request(after=A_MOMENT), request(fingerprint="that", after=LEASE - A_MOMENT)):
            assert claim(another, later) == first
        assert claim(another, request("other")) is None

    def test_a_claim_that_was_left_behind_is_taken_over_after_its_lease(self, store: Store, another: Store) -> None:
        first, second = request(), request(after=LEASE)
        claim(store, first)
        assert claim(another, second) is None
        assert find(store, "key") == second

    def test_another_request_does_not_take_over_what_was_left_behind(self, store: Store) -> None:
        first = request()
        claim(store, first)
        assert claim(store, request(fingerprint="that", after=LEASE)) == first

    @pytest.mark.parametrize("answered", [False, True])
    def test_an_expired_request_gives_way_to_any(self, store: Store, people: People, answered: bool) -> None:
        first = request()
        claim(store, first)
        if answered:
            complete(store, first, people.user())
        second = request(fingerprint="that", after=LIFETIME)
        before = request(fingerprint="that", after=LIFETIME - A_MOMENT)
        holder = claim(store, before)
        assert holder is not None
        assert holder.fingerprint == "this"
        assert claim(store, second) is None
        assert find(store, "key") == second

    def test_an_answer_is_stored_with_the_account(self, store: Store, another: Store, people: People) -> None:
        first, user = request(), people.user()
        claim(store, first)
        with store.unit_of_work() as uow:
            uow.users.add(user)
            uow.idempotency_records.complete(first, user.id)
            assert find(another, "key") == first
            uow.commit()
        answered = replace(first, user_id=user.id)
        assert find(another, "key") == answered
        assert claim(another, request(after=2 * LEASE)) == answered

    def test_an_answer_is_undone_with_its_transaction(self, store: Store, people: People) -> None:
        save(store, people.user("known"))
        first = request()
        claim(store, first)
        with store.unit_of_work() as uow:
            uow.idempotency_records.complete(first, people.new_id())
        with store.unit_of_work() as uow:
            user = people.user("known")
            uow.users.add(user)
            uow.idempotency_records.complete(first, user.id)
            with pytest.raises(UserNameTaken):
                uow.commit()
        assert find(store, "key") == first

    def test_a_claim_outlives_the_unit_of_work_that_is_undone(self, store: Store) -> None:
        with store.unit_of_work() as uow:
            uow.idempotency_records.claim(request(), now=NOW)
        assert find(store, "key") == request()

    def test_a_request_that_was_given_back_may_be_sent_changed(self, store: Store, another: Store) -> None:
        first, changed = request(), request(fingerprint="that")
        claim(store, first)
        release(another, first)
        assert find(store, "key") is None
        assert claim(store, changed) is None

    def test_who_has_lost_the_key_cannot_give_it_back(self, store: Store) -> None:
        first, second = request(), request(after=LEASE)
        claim(store, first)
        claim(store, second)
        release(store, first)
        assert find(store, "key") == second

    def test_an_answered_request_is_not_given_back(self, store: Store, people: People) -> None:
        first, user = request(), people.user()
        claim(store, first)
        complete(store, first, user)
        release(store, first)
        assert find(store, "key") == replace(first, user_id=user.id)

    def test_who_was_overtaken_by_nobody_else_answers_all_the_same(self, store: Store, people: People) -> None:
        late, user = request(), people.user()
        claim(store, late)
        claim(store, request(after=LEASE))
        complete(store, late, user)
        assert answer_to(store, "key") == user.id

    def test_who_was_given_up_answers_all_the_same(self, store: Store, people: People) -> None:
        late, user = request(), people.user()
        claim(store, late)
        release(store, late)
        complete(store, late, user)
        assert find(store, "key") == replace(late, user_id=user.id)

    def test_the_first_answer_stays_and_another_request_keeps_its_key(self, store: Store, people: People) -> None:
        first, user = request(), people.user()
        claim(store, first)
        complete(store, first, user)
        complete(store, first, people.user())
        assert answer_to(store, "key") == user.id
        other = request("other", "that")
        claim(store, other)
        complete(store, request("other", "this"), people.user())
        assert find(store, "other") == other

    def test_32_threads_with_one_key_open_one_account(self, store: Store, another: Store) -> None:
        with bus_parts() as parts, Racers(THREADS) as racers:
            buses = [parts.bus_on(handle) for handle in (store, another)] * (THREADS // 2)
            for number in range(3):
                command = replace(registration(f"person{number}"), idempotency_key=f"key {number}")

                def send(bus: Bus, command: RegisterUser = command) -> UUID | str:
                    try:
                        return bus.handle(command)
                    except RequestInFlight:
                        return "in flight"

                outcomes = Counter(racers.race(partial(send, bus) for bus in buses))
                (user_id,) = [found for found in outcomes if found != "in flight"]
                assert {send(bus) for bus in buses[:2]} == {user_id}
                assert len(all_users(store)) == number + 1

    def test_who_crashed_between_claim_and_commit_is_followed_by_a_repetition(self, store: Store) -> None:
        command = replace(registration("juliet"), idempotency_key="key")
        clock = AdjustableClock(NOW)
        with bus_parts() as parts:
            bus = parts.bus_on(store, clock=clock)
            crashed = parts.bus_on(
                store, clock=clock, unit_of_work=lambda: InterruptedWork(store.unit_of_work(), sys.exit)
            )
            with pytest.raises(SystemExit):
                crashed.handle(command)
            clock.advance(seconds=59)
            with pytest.raises(RequestInFlight):
                bus.handle(command)
            clock.advance(seconds=1)
            user_id = bus.handle(command)
            assert [user.id for user in all_users(store)] == [user_id]
            assert bus.handle(command) == user_id

    def test_who_was_overtaken_while_at_work_gets_the_same_answer(self, store: Store) -> None:
        command = replace(registration("juliet"), idempotency_key="key")
        clock = AdjustableClock(NOW)
        with bus_parts() as parts:
            bus = parts.bus_on(store, clock=clock)

            def overtake_once() -> None:
                if not overtaking:
                    clock.advance(seconds=61)
                    overtaking.append(bus.handle(command))

            overtaking: list[object] = []
            late = parts.bus_on(
                store, clock=clock, unit_of_work=lambda: InterruptedWork(store.unit_of_work(), overtake_once)
            )
            assert [late.handle(command)] == overtaking
            assert len(all_users(store)) == 1


def claim(store: Store, wanted: IdempotencyRecord) -> IdempotencyRecord | None:
    """Claim a request's key at the moment that the request has been made for."""
    with store.unit_of_work() as uow:
        return uow.idempotency_records.claim(wanted, now=wanted.claimed_until - LEASE)


def find(store: Store, key: str) -> IdempotencyRecord | None:
    """Return the request that has a key."""
    with store.unit_of_work() as uow:
        return uow.idempotency_records.find(key)


def answer_to(store: Store, key: str) -> UUID | None:
    """Return the account that the request with a key has opened."""
    found = find(store, key)
    return found.user_id if found else None


def release(store: Store, held: IdempotencyRecord) -> None:
    """Give a key back."""
    with store.unit_of_work() as uow:
        uow.idempotency_records.release(held)


def complete(store: Store, held: IdempotencyRecord, user: User) -> None:
    """Commit an account as the answer to a request."""
    with store.unit_of_work() as uow:
        uow.users.add(user)
        uow.idempotency_records.complete(held, user.id)
        uow.commit()
