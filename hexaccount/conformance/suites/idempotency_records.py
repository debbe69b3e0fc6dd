import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from uuid import UUID

import pytest

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import MILLISECOND, NOW
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.interrupted_unit_of_work import interrupted
from hexaccount.conformance.suites.message_buses import open_bus_factory, registration
from hexaccount.conformance.suites.races import RacingThreads
from hexaccount.conformance.suites.transactions import all_users, save
from hexaccount.idempotency.idempotency_keys import RequestInFlight
from hexaccount.idempotency.idempotency_records import IdempotencyRecord, IdempotencyRecords, claim_key, release_key
from hexaccount.kernel.bus import MessageBus
from hexaccount.registration.register_user import RegisterUser
from hexaccount.store_kit.store import Store
from hexaccount.testing.adjustable_clock import AdjustableClock

LEASE = timedelta(seconds=60)
LIFETIME = timedelta(days=1)
THREADS = 32


def request(key: str = "key", fingerprint: str = "this", *, after: timedelta = timedelta()) -> IdempotencyRecord:
    """Return a record that claims its key `after` NOW."""
    at = NOW + after
    return IdempotencyRecord(key=key, fingerprint=fingerprint, claimed_until=at + LEASE, expires_at=at + LIFETIME)


class IdempotencyRecordsContract(ContractSuite):
    """A request with an idempotency key has its effect once, despite repetitions and crashes."""

    def test_an_unused_key_is_claimed_at_once(self, store: Store, other_store: Store) -> None:
        first = request()
        assert claim(store, first) is None
        assert find(other_store, "key") == first
        assert find(other_store, "KEY") is None

    def test_a_key_belongs_to_one_request_at_a_time(self, store: Store, other_store: Store) -> None:
        first = request()
        claim(store, first)
        for later in (first, request(after=MILLISECOND), request(fingerprint="that", after=LEASE - MILLISECOND)):
            assert claim(other_store, later) == first
        assert claim(other_store, request("other")) is None

    def test_an_abandoned_claim_is_replaced_after_its_lease(self, store: Store, other_store: Store) -> None:
        first, second = request(), request(after=LEASE)
        claim(store, first)
        assert claim(other_store, second) is None
        assert find(store, "key") == second

    def test_a_different_request_cannot_replace_an_abandoned_claim(self, store: Store) -> None:
        first = request()
        claim(store, first)
        assert claim(store, request(fingerprint="that", after=LEASE)) == first

    @pytest.mark.parametrize("completed", [False, True])
    def test_any_request_can_claim_an_expired_key(self, store: Store, factory: Factory, completed: bool) -> None:
        first = request()
        claim(store, first)
        if completed:
            complete(store, first, factory.user())
        second = request(fingerprint="that", after=LIFETIME)
        before = request(fingerprint="that", after=LIFETIME - MILLISECOND)
        holder = claim(store, before)
        assert holder is not None
        assert holder.fingerprint == "this"
        assert claim(store, second) is None
        assert find(store, "key") == second

    def test_the_result_is_stored_with_the_account(self, store: Store, other_store: Store, factory: Factory) -> None:
        first, user = request(), factory.user()
        claim(store, first)
        with store.unit_of_work() as uow:
            Users(uow).add(user)
            IdempotencyRecords(uow).complete(first, user.id)
            assert find(other_store, "key") == first
            uow.commit()
        completed = replace(first, user_id=user.id)
        assert find(other_store, "key") == completed
        assert claim(other_store, request(after=2 * LEASE)) == completed

    def test_the_result_is_rolled_back_with_its_transaction(self, store: Store, factory: Factory) -> None:
        save(store, factory.user("taken"))
        first = request()
        claim(store, first)
        with store.unit_of_work() as uow:
            IdempotencyRecords(uow).complete(first, factory.new_id())
        with store.unit_of_work() as uow:
            user = factory.user("taken")
            Users(uow).add(user)
            IdempotencyRecords(uow).complete(first, user.id)
            with pytest.raises(UserNameTaken):
                uow.commit()
        assert find(store, "key") == first

    def test_a_claim_survives_the_rollback_of_its_unit_of_work(self, store: Store) -> None:
        with store.unit_of_work():
            claim_key(request(), store.unit_of_work, now=NOW)
        assert find(store, "key") == request()

    def test_a_different_request_can_claim_a_released_key(self, store: Store, other_store: Store) -> None:
        first, changed = request(), request(fingerprint="that")
        claim(store, first)
        release(other_store, first)
        assert find(store, "key") is None
        assert claim(store, changed) is None

    def test_a_request_that_lost_its_key_cannot_release_it(self, store: Store) -> None:
        first, second = request(), request(after=LEASE)
        claim(store, first)
        claim(store, second)
        release(store, first)
        assert find(store, "key") == second

    def test_a_completed_request_is_not_released(self, store: Store, factory: Factory) -> None:
        first, user = request(), factory.user()
        claim(store, first)
        complete(store, first, user)
        release(store, first)
        assert find(store, "key") == replace(first, user_id=user.id)

    def test_a_request_whose_claim_was_replaced_can_still_complete(self, store: Store, factory: Factory) -> None:
        late, user = request(), factory.user()
        claim(store, late)
        claim(store, request(after=LEASE))
        complete(store, late, user)
        assert result_of(store, "key") == user.id

    def test_a_released_request_can_still_complete(self, store: Store, factory: Factory) -> None:
        late, user = request(), factory.user()
        claim(store, late)
        release(store, late)
        complete(store, late, user)
        assert find(store, "key") == replace(late, user_id=user.id)

    def test_the_first_result_stays_and_a_different_request_keeps_its_key(self, store: Store, factory: Factory) -> None:
        first, user = request(), factory.user()
        claim(store, first)
        complete(store, first, user)
        complete(store, first, factory.user())
        assert result_of(store, "key") == user.id
        other = request("other", "that")
        claim(store, other)
        complete(store, request("other", "this"), factory.user())
        assert find(store, "other") == other

    def test_32_threads_with_one_key_register_one_account(self, store: Store, other_store: Store) -> None:
        with open_bus_factory() as bus_factory, RacingThreads(THREADS) as threads:
            buses = [bus_factory.create_bus(handle) for handle in (store, other_store)] * (THREADS // 2)
            for number in range(3):
                command = replace(registration(f"user{number}"), idempotency_key=f"key {number}")

                def send(bus: MessageBus, command: RegisterUser = command) -> UUID | str:
                    try:
                        return bus.handle(command)
                    except RequestInFlight:
                        return "in flight"

                outcomes = Counter(threads.race(partial(send, bus) for bus in buses))
                (user_id,) = [found for found in outcomes if found != "in flight"]
                assert {send(bus) for bus in buses[:2]} == {user_id}
                assert len(all_users(store)) == number + 1

    def test_a_repetition_completes_a_request_that_crashed_between_claim_and_commit(self, store: Store) -> None:
        command = replace(registration("juliet"), idempotency_key="key")
        clock = AdjustableClock(NOW)
        with open_bus_factory() as bus_factory:
            bus = bus_factory.create_bus(store, clock=clock)
            commits = count(1)
            crashed = bus_factory.create_bus(
                store,
                clock=clock,
                # The first commit claims the key, the second opens the account.
                unit_of_work=lambda: interrupted(store.unit_of_work(), lambda: next(commits) == 2 and sys.exit()),
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

    def test_a_slow_request_returns_the_result_of_the_one_that_replaced_it(self, store: Store) -> None:
        command = replace(registration("juliet"), idempotency_key="key")
        clock = AdjustableClock(NOW)
        with open_bus_factory() as bus_factory:
            bus = bus_factory.create_bus(store, clock=clock)

            commits = count(1)

            def replace_once() -> None:
                if next(commits) == 2:
                    clock.advance(seconds=61)
                    replacing.append(bus.handle(command))

            replacing: list[object] = []
            late = bus_factory.create_bus(
                store, clock=clock, unit_of_work=lambda: interrupted(store.unit_of_work(), replace_once)
            )
            assert [late.handle(command)] == replacing
            assert len(all_users(store)) == 1


def claim(store: Store, record: IdempotencyRecord) -> IdempotencyRecord | None:
    """Claim the key at the time for which the record was made."""
    return claim_key(record, store.unit_of_work, now=record.claimed_until - LEASE)


def find(store: Store, key: str) -> IdempotencyRecord | None:
    with store.unit_of_work() as uow:
        return IdempotencyRecords(uow).find(key)


def result_of(store: Store, key: str) -> UUID | None:
    found = find(store, key)
    return found.user_id if found else None


def release(store: Store, held: IdempotencyRecord) -> None:
    release_key(held, store.unit_of_work)


def complete(store: Store, held: IdempotencyRecord, user: User) -> None:
    with store.unit_of_work() as uow:
        Users(uow).add(user)
        IdempotencyRecords(uow).complete(held, user.id)
        uow.commit()
