from collections.abc import Callable, Sequence
from uuid import UUID

import pytest

from hexaccount.accounts.role import Role
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.contract_suite import SOURCE, ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import add, save, session_of, user_of
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.cache_invalidation import affected_users
from hexaccount.sessions.sessions import Sessions
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_system import Uuid7Identifiers

CHANGES: dict[str, Callable[..., None]] = {
    "disable": lambda user, now: user.disable(now),
    "end sessions": lambda user, now: user.end_sessions(now),
    "change password": lambda user, now: user.change_password("new", now),
    "grant": lambda user, now: user.grant(Role.ADMIN, now),
}


class HookCalls:
    """The affected users of each hook call, with the state that `read_state` returned during the call."""

    def __init__(self) -> None:
        self.read_state: Callable[[], object] = lambda: None
        self.calls: list[tuple[set[UUID], object]] = []

    def __call__(self, entries: Sequence[JournalEntry]) -> None:
        if user_ids := affected_users(entries):
            self.calls.append((set(user_ids), self.read_state()))


class CommitHooksContract(ContractSuite):
    """A store runs the hooks of its recorder before and after each commit, so that caches can invalidate sessions."""

    @pytest.fixture
    def hook_calls(self) -> HookCalls:
        return HookCalls()

    @pytest.fixture
    def hooked_store(self, under_test: StoreUnderTest, hook_calls: HookCalls) -> Store:
        """Return a store with both hooks."""
        recorder = EventRecorder(Uuid7Identifiers(), SOURCE, before_commit=[hook_calls], on_commit=[hook_calls])
        return under_test.open_migrated(recorder)

    @pytest.mark.parametrize("change", CHANGES)
    def test_the_hooks_name_an_account_before_and_after_it_changes(
        self, hooked_store: Store, factory: Factory, hook_calls: HookCalls, change: str
    ) -> None:
        user = factory.user()
        save(hooked_store, user)
        hook_calls.read_state = lambda: user_of(hooked_store, user.id).version
        with hooked_store.unit_of_work() as uow:
            CHANGES[change](Users(uow).get(user.id), factory.now())
            assert hook_calls.calls == []
            uow.commit()
        assert hook_calls.calls == [({user.id}, 1), ({user.id}, 2)]

    def test_the_hooks_name_the_account_of_a_session_before_and_after_it_closes(
        self, hooked_store: Store, factory: Factory, hook_calls: HookCalls
    ) -> None:
        user = factory.user()
        session = factory.session(user)
        save(hooked_store, user, session)
        hook_calls.read_state = lambda: session_of(hooked_store, session.id).closed_at is not None
        with hooked_store.unit_of_work() as uow:
            found = Sessions(uow).find(session.id)
            assert found
            found.close(factory.now())
            uow.commit()
        assert hook_calls.calls == [({user.id}, False), ({user.id}, True)]

    def test_no_hook_runs_without_a_commit(self, hooked_store: Store, factory: Factory, hook_calls: HookCalls) -> None:
        user = factory.user()
        save(hooked_store, user)
        with hooked_store.unit_of_work() as uow:
            Users(uow).get(user.id).disable(factory.now())
        assert hook_calls.calls == []

    def test_a_failed_commit_has_run_before_commit_only(
        self, hooked_store: Store, factory: Factory, hook_calls: HookCalls
    ) -> None:
        user = factory.user()
        save(hooked_store, user)
        with hooked_store.unit_of_work() as uow, hooked_store.unit_of_work() as faster:
            Users(uow).get(user.id).disable(factory.now())
            Users(faster).get(user.id).end_sessions(factory.now())
            faster.commit()
            hook_calls.calls.clear()
            with pytest.raises(StaleVersion):
                uow.commit()
        assert hook_calls.calls == [({user.id}, None)]

    def test_a_registration_a_login_and_a_profile_affect_no_cached_session(
        self, hooked_store: Store, factory: Factory, hook_calls: HookCalls
    ) -> None:
        user = factory.user()
        save(hooked_store, user, factory.session(user), factory.profile(user.id, bio="moon"))
        assert hook_calls.calls == []

    def test_one_hook_call_names_all_accounts_of_a_commit(
        self, hooked_store: Store, factory: Factory, hook_calls: HookCalls
    ) -> None:
        users = [factory.user() for _ in range(3)]
        save(hooked_store, *users)
        with hooked_store.unit_of_work() as uow:
            for user in users[:2]:
                Users(uow).get(user.id).disable(factory.now())
            add(uow, factory.session(users[2]))
            uow.commit()
        assert hook_calls.calls == [({user.id for user in users[:2]}, None)] * 2
