from datetime import timedelta
from functools import partial

import pytest

from hexaccount.accounts.user import User
from hexaccount.conformance.suites.people import LIFETIMES, People
from hexaccount.conformance.suites.races import check_one_winner, outcome, race
from hexaccount.conformance.suites.storing import disable, save, session_of, user_of
from hexaccount.conformance.suites.subject import ContractSuite, StoreUnderTest
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.refresh_token import RefreshToken, digest_of, new_refresh_token
from hexaccount.sessions.session import Session
from hexaccount.store_kit.store import Store


class RefreshTokenContract(ContractSuite):
    """A token is found by its digest, with its session and account, and never has two successors."""

    def test_a_token_is_found_with_its_session_and_account(self, store: Store, people: People) -> None:
        user, session, text = logged_in(store, people)
        token = RefreshToken.of(text, session_id=session.id, at=session.opened_at)
        with store.unit_of_work() as uow:
            found = uow.sessions.find_by_token(digest_of(text))
            assert found
            assert found[0] == token
            assert (found[1].id, found[2].id) == (session.id, user.id)
            assert uow.sessions.find(session.id) is found[1]
            assert uow.users.get(user.id) is found[2]

    @pytest.mark.parametrize("wrong", [str.upper, str.lower, "{} ".format, " {}".format, lambda _: "", lambda _: "%"])
    def test_a_digest_is_compared_to_the_letter(self, store: Store, people: People, wrong: object) -> None:
        _, _, text = logged_in(store, people)
        assert callable(wrong)
        with store.unit_of_work() as uow:
            assert uow.sessions.find_by_token(wrong(digest_of(text))) is None
            assert uow.sessions.find_by_token(text) is None

    def test_a_rotation_stores_the_spent_token_and_its_successor(self, store: Store, people: People) -> None:
        _, session, text = logged_in(store, people)
        spent, successor = rotate(store, people, text)
        with store.unit_of_work() as uow:
            old = uow.sessions.find_by_token(spent.digest)
            new = uow.sessions.find_by_token(successor.digest)
        assert old
        assert new
        assert (old[0], new[0]) == (spent, successor)
        assert (spent.salt is not None, successor.predecessor) == (True, spent.digest)
        stored = session_of(store, session.id)
        assert stored
        assert stored.last_used_at == spent.spent_at == successor.issued_at

    def test_a_token_waits_for_the_commit(self, store: Store, people: People) -> None:
        _, session, _ = logged_in(store, people)
        text = new_refresh_token()
        with store.unit_of_work() as uow:
            uow.sessions.put_token(RefreshToken.of(text, session_id=session.id, at=people.now()))
        with store.unit_of_work() as uow:
            uow.commit()
            assert uow.sessions.find_by_token(digest_of(text)) is None

    def test_of_those_who_rotate_one_token_at_once_one_does(
        self, under_test: StoreUnderTest, store: Store, another: Store, people: People
    ) -> None:
        for _ in range(under_test.rounds):
            _, session, text = logged_in(store, people)
            works = [partial(rotate, handle, people, text) for handle in (store, another) for _ in range(16)]
            check_one_winner(race(*(partial(outcome, work, StaleVersion) for work in works)), StaleVersion)
            stored = session_of(store, session.id)
            assert stored
            assert stored.version == 2

    def test_a_token_read_before_a_rotation_cannot_be_rotated_after_it(
        self, store: Store, another: Store, people: People
    ) -> None:
        _, session, text = logged_in(store, people)
        with another.unit_of_work() as uow:
            found = uow.sessions.find_by_token(digest_of(text))
        assert found
        rotate(store, people, text)
        # Even by who has read the session again, and so has its newest version.
        with another.unit_of_work() as uow:
            again = uow.sessions.find(session.id)
            assert again
            again.refresh(people.now(), LIFETIMES)
            for token in found[0].rotate(text, people.now()):
                uow.sessions.put_token(token)
            with pytest.raises(StaleVersion):
                uow.commit()

    def test_a_new_hash_is_stored_with_the_change_it_belongs_to(self, store: Store, people: People) -> None:
        user, other = people.user(password_hash="old"), people.user(password_hash="old")
        save(store, user, other)
        with store.unit_of_work() as uow:
            uow.users.get(user.id).change_password(people.now())
            uow.users.set_hash(user.id, "new")
            uow.commit()
        assert [user_of(store, each.id).password_hash for each in (user, other)] == ["new", "old"]
        assert user_of(store, user.id).epoch == 1

    def test_a_new_hash_is_not_stored_where_the_change_is_stale(
        self, store: Store, another: Store, people: People
    ) -> None:
        user = people.user(password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            uow.users.get(user.id).change_password(people.now())
            uow.users.set_hash(user.id, "new")
            disable(another, user.id, people.now())
            with pytest.raises(StaleVersion):
                uow.commit()
        assert user_of(store, user.id).password_hash == "old"

    def test_live_sessions_come_newest_first_and_page_by_page(self, store: Store, people: People) -> None:
        user, other = people.user(), people.user()
        sessions = [people.session(user) for _ in range(7)]
        dead, idle, old = people.session(user), people.session(user, lifetime=timedelta(0)), people.session(user)
        old.epoch = -1
        save(store, user, other, people.session(other), *sessions, dead, idle)
        with store.unit_of_work() as uow:
            found = uow.sessions.find(dead.id)
            assert found
            found.close(people.now())
            uow.commit()
        seen: list[Session] = []
        with store.unit_of_work() as uow:
            holder = uow.users.get(user.id)
            while page := uow.sessions.live_of(holder, now=people.now(), limit=3, after=seen[-1].id if seen else None):
                assert len(page) <= 3
                seen += page
        assert [session.id for session in seen] == [session.id for session in reversed(sessions)]

    def test_a_session_of_an_earlier_epoch_or_of_a_disabled_account_is_not_live(
        self, store: Store, people: People
    ) -> None:
        user = people.user()
        save(store, user, people.session(user))
        with store.unit_of_work() as uow:
            uow.users.get(user.id).end_sessions(people.now())
            uow.commit()
        assert live_ids(store, people, user) == []
        fresh = people.session(user_of(store, user.id))
        save(store, fresh)
        assert live_ids(store, people, user) == [fresh.id]
        disable(store, user.id, people.now())
        assert live_ids(store, people, user) == []


def logged_in(store: Store, people: People) -> tuple[User, Session, str]:
    """Return an account, its session, and the text of that one's first refresh token."""
    user = people.user()
    session = people.session(user)
    text = new_refresh_token()
    with store.unit_of_work() as uow:
        uow.users.add(user)
        uow.sessions.add(session)
        uow.sessions.put_token(RefreshToken.of(text, session_id=session.id, at=session.opened_at))
        uow.commit()
    return user, session, text


def rotate(store: Store, people: People, text: str) -> tuple[RefreshToken, RefreshToken]:
    """Use a token, and return it and its successor as they are stored; raises StaleVersion where it was used before."""
    now = people.now()
    with store.unit_of_work() as uow:
        found = uow.sessions.find_by_token(digest_of(text))
        assert found
        token, session, _ = found
        session.refresh(now, LIFETIMES)
        spent, successor = token.rotate(text, now)
        uow.sessions.put_token(spent)
        uow.sessions.put_token(successor)
        uow.commit()
    return spent, successor


def live_ids(store: Store, people: People, user: User) -> list[object]:
    """Return the ids of the live sessions of an account."""
    with store.unit_of_work() as uow:
        found = uow.sessions.live_of(uow.users.get(user.id), now=people.now(), limit=100, after=None)
    return [session.id for session in found]
