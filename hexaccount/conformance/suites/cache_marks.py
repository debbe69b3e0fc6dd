from collections.abc import Callable, Collection, Iterator
from uuid import UUID

import pytest

from hexaccount.accounts.role import Role
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import add, save, session_of, user_of
from hexaccount.conformance.suites.subject import SOURCE, ContractSuite, StoreUnderTest
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_system import Uuid7Identifiers

CHANGES: dict[str, Callable[..., None]] = {
    "disable": lambda user, now: user.disable(now),
    "end sessions": lambda user, now: user.end_sessions(now),
    "change password": lambda user, now: user.change_password(now),
    "grant": lambda user, now: user.grant(Role.ADMIN, now),
}


class Marks:
    """Who was marked, and what others saw of them at that moment."""

    def __init__(self) -> None:
        self.look: Callable[[], object] = lambda: None
        self.made: list[tuple[set[UUID], object]] = []

    def __call__(self, user_ids: Collection[UUID]) -> None:
        self.made.append((set(user_ids), self.look()))


class CacheMarksContract(ContractSuite):
    """Whose sessions may end is marked before the commit and after it, so that no cache revives them.

    The opener must give each handle the recorder that it comes with.
    """

    @pytest.fixture
    def marks(self) -> Marks:
        """Return the marks that the store makes."""
        return Marks()

    @pytest.fixture
    def marking(self, under_test: StoreUnderTest, marks: Marks) -> Iterator[Store]:
        """Give a store that makes marks."""
        store = under_test.opener(EventRecorder(Uuid7Identifiers(), SOURCE, invalidate=marks))
        store.migrate()
        yield store
        store.close()

    @pytest.mark.parametrize("change", CHANGES)
    def test_an_account_is_marked_before_it_changes_and_after(
        self, marking: Store, people: People, marks: Marks, change: str
    ) -> None:
        user = people.user()
        save(marking, user)
        marks.look = lambda: user_of(marking, user.id).version
        with marking.unit_of_work() as uow:
            CHANGES[change](uow.users.get(user.id), people.now())
            assert marks.made == []
            uow.commit()
        assert marks.made == [({user.id}, 1), ({user.id}, 2)]

    def test_the_account_of_a_session_is_marked_before_it_closes_and_after(
        self, marking: Store, people: People, marks: Marks
    ) -> None:
        user = people.user()
        session = people.session(user)
        save(marking, user, session)
        marks.look = lambda: session_of(marking, session.id).closed_at is not None  # type: ignore[union-attr]  # saved
        with marking.unit_of_work() as uow:
            found = uow.sessions.find(session.id)
            assert found
            found.close(people.now())
            uow.commit()
        assert marks.made == [({user.id}, False), ({user.id}, True)]

    def test_what_is_not_committed_marks_nobody(self, marking: Store, people: People, marks: Marks) -> None:
        user = people.user()
        save(marking, user)
        with marking.unit_of_work() as uow:
            uow.users.get(user.id).disable(people.now())
        assert marks.made == []

    def test_a_commit_that_fails_has_marked(self, marking: Store, people: People, marks: Marks) -> None:
        user = people.user()
        save(marking, user)
        with marking.unit_of_work() as uow, marking.unit_of_work() as faster:
            uow.users.get(user.id).disable(people.now())
            faster.users.get(user.id).end_sessions(people.now())
            faster.commit()
            marks.made.clear()
            with pytest.raises(StaleVersion):
                uow.commit()
        assert marks.made == [({user.id}, None)]

    def test_a_registration_a_login_and_a_profile_mark_nobody(
        self, marking: Store, people: People, marks: Marks
    ) -> None:
        user = people.user()
        save(marking, user, people.session(user), people.profile(user.id, bio="moon"))
        assert marks.made == []

    def test_all_accounts_of_a_commit_are_marked_at_once(self, marking: Store, people: People, marks: Marks) -> None:
        users = [people.user() for _ in range(3)]
        save(marking, *users)
        with marking.unit_of_work() as uow:
            for user in users[:2]:
                uow.users.get(user.id).disable(people.now())
            add(uow, people.session(users[2]))
            uow.commit()
        assert marks.made == [({user.id for user in users[:2]}, None)] * 2
