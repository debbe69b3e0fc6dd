from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_all_start_methods, get_context
from typing import TypeVar

import pytest

from hexaccount.accounts.role import Role
from hexaccount.conformance.suites import worker_process
from hexaccount.conformance.suites.commit_watching import check_signalled
from hexaccount.conformance.suites.contract_suite import ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.deliveries import SUBSCRIBER, claim, user_with_events
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import TIMEOUT_SECONDS
from hexaccount.conformance.suites.transactions import all_users, save
from hexaccount.conformance.suites.worker_process import Attempt
from hexaccount.roles.grant_role import GrantRole, grant_role
from hexaccount.roles.role_registry import RoleRegistry
from hexaccount.store_kit.store import Store
from hexaccount_system import SystemClock

T = TypeVar("T")


class ProcessesContract(ContractSuite):
    """The rules for threads also hold for processes; for stores that processes share."""

    @pytest.fixture
    def two_processes(self, store: Store, under_test: StoreUnderTest) -> Iterator[ProcessPoolExecutor]:
        """Return two processes that have opened the store; they start each round together."""
        # A fork server, if available, imports everything once.
        context = get_context("forkserver" if "forkserver" in get_all_start_methods() else "spawn")
        context.set_forkserver_preload([worker_process.__name__])
        barrier = context.Barrier(2)
        arguments = (under_test.opener, barrier)
        with ProcessPoolExecutor(2, mp_context=context, initializer=worker_process.start, initargs=arguments) as pool:
            yield pool

    def test_one_of_two_processes_registers_a_contested_name_or_address_in_each_round(
        self, store: Store, two_processes: ProcessPoolExecutor, under_test: StoreUnderTest
    ) -> None:
        rounds = 20 * under_test.rounds
        attempts = self.in_both(two_processes, worker_process.register, rounds)
        self.check_race(attempts)
        for number, (one, other) in enumerate(zip(*attempts, strict=True)):
            refusal = "EmailTaken" if number % 3 == 1 else "UserNameTaken"
            assert Counter([one.outcome, other.outcome]) == {"done": 1, refusal: 1}, f"round {number}"
        winners = {each.user_id for each in chain(*attempts) if each.outcome == "done"}
        assert {user.id for user in all_users(store)} == winners

    def test_two_admins_who_disable_each_other_in_two_processes_leave_one(
        self, store: Store, factory: Factory, two_processes: ProcessPoolExecutor
    ) -> None:
        admins = [factory.user(), factory.user()]
        save(store, *admins)
        for user in admins:
            grant_role(
                GrantRole(user_id=user.id, role=Role.ADMIN),
                unit_of_work=store.unit_of_work,
                clock=SystemClock(),
                roles=RoleRegistry({}),
            )
        attempts = self.in_both(two_processes, worker_process.disable_each_other, [user.id for user in admins], 50)
        self.check_race(attempts)
        for both in zip(*attempts, strict=True):
            assert sorted(each.outcome for each in both) == ["LastAdmin", "done"]

    def test_two_processes_deliver_each_event_once(
        self, store: Store, factory: Factory, two_processes: ProcessPoolExecutor
    ) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        for _ in range(40):
            user_with_events(store, factory, 5)
        delivered = self.in_both(two_processes, worker_process.deliver, SUBSCRIBER)
        ids = [event_id for each in delivered for event_id in each]
        assert (len(ids), len(set(ids))) == (200, 200)
        assert list(claim(store)) == []

    def test_two_processes_handle_each_event_once(
        self, store: Store, factory: Factory, two_processes: ProcessPoolExecutor
    ) -> None:
        user = factory.user()
        save(store, user)
        event_ids = [factory.new_id() for _ in range(50)]
        outcomes = self.in_both(two_processes, worker_process.handle, user.id, event_ids)
        for one, other in zip(*outcomes, strict=True):
            assert sorted([one, other]) == ["AlreadyHandled", "done"]

    def test_two_processes_change_one_account_without_losing_a_change(
        self, store: Store, factory: Factory, two_processes: ProcessPoolExecutor
    ) -> None:
        user = factory.user()
        save(store, user, factory.profile(user.id))
        written = self.in_both(two_processes, worker_process.update, user.id, 50)
        with store.unit_of_work() as uow:
            entries = uow.journal.of("profile", user.id)
        texts = [entry.data["changes"]["bio"] for entry in entries[1:]]
        assert sorted(texts) == sorted(text for each in written for text in each)

    def test_an_event_of_another_process_is_pending_for_a_subscriber_of_this_one(
        self, store: Store, two_processes: ProcessPoolExecutor
    ) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        registrations = self.in_both(two_processes, worker_process.register, 3)
        registered = {each.user_id for each in chain(*registrations) if each.outcome == "done"}
        assert {delivery.entry.subject for delivery in claim(store)} == registered

    def test_watching_signals_the_commits_of_other_processes_if_the_store_says_so(
        self, store: Store, factory: Factory, two_processes: ProcessPoolExecutor
    ) -> None:
        watches, user = store.watch(), factory.user()
        save(store, user, factory.profile(user.id))
        for _ in range(2):
            seen = store.commits.count
            self.in_both(two_processes, worker_process.update, user.id, 1)
            if watches:
                check_signalled(store, seen)

    @staticmethod
    def in_both(pool: ProcessPoolExecutor, work: Callable[..., list[T]], *arguments: object) -> list[list[T]]:
        """Call `work` in both processes at once, and return both results."""
        futures = [pool.submit(work, number, *arguments) for number in range(2)]
        return [future.result(TIMEOUT_SECONDS) for future in futures]

    @staticmethod
    def check_race(attempts: list[list[Attempt]]) -> None:
        """Check that both processes were at work at one moment, whichever won."""
        overlaps = any(one.overlaps(other) for one, other in zip(*attempts, strict=True))
        assert overlaps, "the processes took turns in all rounds: there was no race"
