from datetime import timedelta
from functools import partial

import pytest

from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.contract_suite import ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.factory import LIFETIMES, Factory
from hexaccount.conformance.suites.races import check_one_winner, outcome, race
from hexaccount.conformance.suites.transactions import disable, save, session_of, user_of
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.refresh_token import RefreshToken, digest_of, new_refresh_token
from hexaccount.sessions.session import Session
from hexaccount.sessions.sessions import Sessions
from hexaccount.store_kit.store import Store


class RefreshTokenContract(ContractSuite):
    """A refresh token is found by its digest, with its session and account, and has at most one successor."""

    def test_a_token_is_found_with_its_session_and_account(self, store: Store, factory: Factory) -> None:
        user, session, text = logged_in(store, factory)
        token = RefreshToken.of(text, session_id=session.id, at=session.opened_at)
        with store.unit_of_work() as uow:
            found = Sessions(uow).find_by_token(digest_of(text))
            assert found
            assert found[0] == token
            assert (found[1].id, found[2].id) == (session.id, user.id)
            assert Sessions(uow).find(session.id) is found[1]
            assert Users(uow).get(user.id) is found[2]

    @pytest.mark.parametrize("wrong", [str.upper, str.lower, "{} ".format, " {}".format, lambda _: "", lambda _: "%"])
    def test_a_digest_is_compared_exactly(self, store: Store, factory: Factory, wrong: object) -> None:
        _, _, text = logged_in(store, factory)
        assert callable(wrong)
        with store.unit_of_work() as uow:
            assert Sessions(uow).find_by_token(wrong(digest_of(text))) is None
            assert Sessions(uow).find_by_token(text) is None

    def test_a_rotation_stores_the_spent_token_and_its_successor(self, store: Store, factory: Factory) -> None:
        _, session, text = logged_in(store, factory)
        spent, successor = rotate(store, factory, text)
        with store.unit_of_work() as uow:
            old = Sessions(uow).find_by_token(spent.digest)
            new = Sessions(uow).find_by_token(successor.digest)
        assert old
        assert new
        assert (old[0], new[0]) == (spent, successor)
        assert spent.salt is not None
        assert session_of(store, session.id).last_used_at == spent.spent_at == successor.issued_at

    def test_a_token_is_stored_by_the_commit(self, store: Store, factory: Factory) -> None:
        _, session, _ = logged_in(store, factory)
        text = new_refresh_token()
        with store.unit_of_work() as uow:
            Sessions(uow).put_token(RefreshToken.of(text, session_id=session.id, at=factory.now()))
        with store.unit_of_work() as uow:
            uow.commit()
            assert Sessions(uow).find_by_token(digest_of(text)) is None

    def test_one_of_racing_rotations_of_one_token_succeeds(
        self, under_test: StoreUnderTest, store: Store, other_store: Store, factory: Factory
    ) -> None:
        for _ in range(under_test.rounds):
            _, session, text = logged_in(store, factory)
            calls = [partial(rotate, handle, factory, text) for handle in (store, other_store) for _ in range(16)]
            check_one_winner(race(*(partial(outcome, work, StaleVersion) for work in calls)), StaleVersion)
            assert session_of(store, session.id).last_used_at > session.last_used_at

    def test_a_token_read_before_a_rotation_cannot_be_rotated_after_it(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        _, _, text = logged_in(store, factory)
        with other_store.unit_of_work() as uow:
            found = Sessions(uow).find_by_token(digest_of(text))
            assert found
            rotate(store, factory, text)
            for token in found[0].rotate(text, factory.now()):
                Sessions(uow).put_token(token)
            with pytest.raises(StaleVersion):
                uow.commit()

    def test_a_new_hash_is_stored_with_its_password_change(self, store: Store, factory: Factory) -> None:
        user, other = factory.user(password_hash="old"), factory.user(password_hash="old")
        save(store, user, other)
        with store.unit_of_work() as uow:
            Users(uow).get(user.id).change_password("new", factory.now())
            uow.commit()
        assert [user_of(store, each.id).password_hash for each in (user, other)] == ["new", "old"]
        assert user_of(store, user.id).epoch == 1

    def test_a_new_hash_is_not_stored_if_its_password_change_is_stale(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user(password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            Users(uow).get(user.id).change_password("new", factory.now())
            disable(other_store, user.id, factory.now())
            with pytest.raises(StaleVersion):
                uow.commit()
        assert user_of(store, user.id).password_hash == "old"

    def test_live_sessions_are_paged_newest_first(self, store: Store, factory: Factory) -> None:
        user, other = factory.user(), factory.user()
        sessions = [factory.session(user) for _ in range(7)]
        closed, idle, outdated = (
            factory.session(user),
            factory.session(user, lifetime=timedelta(0)),
            factory.session(user),
        )
        outdated.epoch = -1
        save(store, user, other, factory.session(other), *sessions, closed, idle)
        with store.unit_of_work() as uow:
            found = Sessions(uow).find(closed.id)
            assert found
            found.close(factory.now())
            uow.commit()
        listed: list[Session] = []
        with store.unit_of_work() as uow:
            holder = Users(uow).get(user.id)
            while page := Sessions(uow).live_of(
                holder, now=factory.now(), limit=3, after=listed[-1].id if listed else None
            ):
                assert len(page) <= 3
                listed += page
        assert [session.id for session in listed] == [session.id for session in reversed(sessions)]

    def test_a_session_of_an_earlier_epoch_or_of_a_disabled_account_is_not_live(
        self, store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        save(store, user, factory.session(user))
        with store.unit_of_work() as uow:
            Users(uow).get(user.id).end_sessions(factory.now())
            uow.commit()
        assert live_ids(store, factory, user) == []
        fresh = factory.session(user_of(store, user.id))
        save(store, fresh)
        assert live_ids(store, factory, user) == [fresh.id]
        disable(store, user.id, factory.now())
        assert live_ids(store, factory, user) == []


def logged_in(store: Store, factory: Factory) -> tuple[User, Session, str]:
    """Return a user, a session and the text of its first refresh token."""
    user = factory.user()
    session = factory.session(user)
    text = new_refresh_token()
    with store.unit_of_work() as uow:
        Users(uow).add(user)
        Sessions(uow).add(session)
        Sessions(uow).put_token(RefreshToken.of(text, session_id=session.id, at=session.opened_at))
        uow.commit()
    return user, session, text


def rotate(store: Store, factory: Factory, text: str) -> tuple[RefreshToken, RefreshToken]:
    """Use a token, and return it and its successor; raises StaleVersion if it was used before."""
    now = factory.now()
    with store.unit_of_work() as uow:
        found = Sessions(uow).find_by_token(digest_of(text))
        assert found
        token, session, _ = found
        if token.spent_at is not None:
            raise StaleVersion(Session.kind, session.id)
        session.refresh(now, LIFETIMES, client_address="198.51.100.9", user_agent="another")
        spent, successor = token.rotate(text, now)
        Sessions(uow).put_token(spent)
        Sessions(uow).put_token(successor)
        uow.commit()
    return spent, successor


def live_ids(store: Store, factory: Factory, user: User) -> list[object]:
    with store.unit_of_work() as uow:
        found = Sessions(uow).live_of(Users(uow).get(user.id), now=factory.now(), limit=100, after=None)
    return [session.id for session in found]
