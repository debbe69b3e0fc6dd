from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_all_start_methods, get_context
from typing import TypeVar

import pytest

from hexaccount.conformance.suites import other_process
from hexaccount.conformance.suites.other_process import Registration
from hexaccount.conformance.suites.owing import SUBSCRIBER, claim, user_with_events
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import PATIENCE
from hexaccount.conformance.suites.storing import all_users, save
from hexaccount.conformance.suites.subject import ContractSuite, StoreUnderTest
from hexaccount.store_kit.store import Store

T = TypeVar("T")


class ProcessesContract(ContractSuite):
    """What holds among threads holds among processes; for stores that processes share."""

    @pytest.fixture
    def two_processes(self, store: Store, under_test: StoreUnderTest) -> Iterator[ProcessPoolExecutor]:
        """Return two processes that have the store open and wait for each other before each round."""
        # Where there is such a server, each is forked from one process that has imported everything and opened nothing.
        context = get_context("forkserver" if "forkserver" in get_all_start_methods() else "spawn")
        context.set_forkserver_preload([other_process.__name__])
        barrier = context.Barrier(2)
        arguments = (under_test.opener, barrier)
        with ProcessPoolExecutor(2, mp_context=context, initializer=other_process.begin, initargs=arguments) as pool:
            yield pool

    def test_of_two_processes_that_register_one_name_or_address_one_wins_200_rounds(
        self, store: Store, two_processes: ProcessPoolExecutor
    ) -> None:
        rounds = 200
        outcomes = self.in_both(two_processes, other_process.register, rounds)
        for number, (one, other) in enumerate(zip(*outcomes, strict=True)):
            refusal = "EmailTaken" if number % 3 == 1 else "UserNameTaken"
            assert Counter([one.outcome, other.outcome]) == {"done": 1, refusal: 1}, f"round {number}"
        winners = {each.user_id for each in (*outcomes[0], *outcomes[1]) if each.outcome == "done"}
        assert {user.id for user in all_users(store)} == winners
        assert all(self.wins(outcome) for outcome in outcomes), "one process never won, so there was no race"

    def test_two_processes_deliver_each_event_once(
        self, store: Store, people: People, two_processes: ProcessPoolExecutor
    ) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        for _ in range(40):
            user_with_events(store, people, 5)
        delivered = self.in_both(two_processes, other_process.deliver, SUBSCRIBER)
        ids = [event_id for each in delivered for event_id in each]
        assert (len(ids), len(set(ids))) == (200, 200)
        assert list(claim(store)) == []

    def test_two_processes_handle_each_event_once(
        self, store: Store, people: People, two_processes: ProcessPoolExecutor
    ) -> None:
        user = people.user()
        save(store, user)
        event_ids = [people.new_id() for _ in range(50)]
        outcomes = self.in_both(two_processes, other_process.handle, user.id, event_ids)
        for one, other in zip(*outcomes, strict=True):
            assert sorted([one, other]) == ["AlreadyHandled", "done"]

    def test_two_processes_change_one_account_without_losing_a_change(
        self, store: Store, people: People, two_processes: ProcessPoolExecutor
    ) -> None:
        user = people.user()
        save(store, user, people.profile(user.id))
        written = self.in_both(two_processes, other_process.update, user.id, 50)
        with store.unit_of_work() as uow:
            entries = uow.journal.of("profile", user.id)
        told = [entry.data["changes"]["bio"] for entry in entries[1:]]
        assert sorted(told) == sorted(text for each in written for text in each)

    def test_an_event_of_another_process_is_owed_to_whoever_is_enrolled_here(
        self, store: Store, two_processes: ProcessPoolExecutor
    ) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        registrations = self.in_both(two_processes, other_process.register, 3)
        registered = {each.user_id for both in registrations for each in both if each.outcome == "done"}
        assert {delivery.entry.subject for delivery in claim(store)} == registered

    @staticmethod
    def in_both(pool: ProcessPoolExecutor, work: Callable[..., list[T]], *arguments: object) -> list[list[T]]:
        """Do `work` in both processes at once and return what it returned in each."""
        futures = [pool.submit(work, number, *arguments) for number in range(2)]
        return [future.result(PATIENCE) for future in futures]

    @staticmethod
    def wins(registrations: list[Registration]) -> int:
        """Count the rounds that one process has won."""
        return sum(each.outcome == "done" for each in registrations)
