from datetime import timedelta

import pytest

from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.factory import LIFETIMES, Factory
from hexaccount.conformance.suites.transactions import disable, enable, journal_of, replace_hash, save
from hexaccount.mail.one_time_token import OneTimeToken
from hexaccount.mail.one_time_tokens import ONE_TIME_TOKENS
from hexaccount.sessions.session import Session
from hexaccount.sessions.sessions import SESSIONS, Sessions
from hexaccount.store_kit.store import Store

HASH = "hash-that-a-login-has-renewed"


class UnfoldedStateContract(ContractSuite):
    """A store keeps what no event holds: the fields that an aggregate names as `outside_events`, and secrets.

    One that computes rows from the journal stores these fields beside it, and nothing but them: all others follow.
    """

    @pytest.fixture
    def refreshed(self, store: Store, factory: Factory) -> Session:
        """Return a session that was refreshed, of a user whose hash was renewed; neither is an event."""
        user = factory.user()
        session = factory.session(user)
        save(store, user, session)
        replace_hash(store, user.id, user.password_hash, HASH)
        at = factory.now() + timedelta(minutes=7)
        with store.unit_of_work() as uow:
            found = Sessions(uow).find(session.id)
            assert found
            found.refresh(at, LIFETIMES, client_address="198.51.100.9", user_agent="another")
            uow.commit()
        session.refresh(at, LIFETIMES, client_address="198.51.100.9", user_agent="another")
        assert len(journal_of(store, user)) == len(journal_of(store, session)) == 1
        return session

    @pytest.mark.parametrize("reading", ["get", "page", "with_references"])
    def test_a_field_outside_events_is_read_as_it_was_written(
        self, other_store: Store, refreshed: Session, reading: str
    ) -> None:
        with other_store.unit_of_work() as uow:
            user = Users(uow).get(refreshed.user_id)
            found: dict[str, Session | None] = {
                "get": Sessions(uow).find(refreshed.id),
                "page": next(iter(Sessions(uow).live_of(user, now=refreshed.opened_at, limit=9, after=None)), None),
                "with_references": (uow.records(SESSIONS).with_references(refreshed.id) or [None])[0],
            }
        self.check(user, found[reading], refreshed)

    def test_later_events_leave_it_as_it_is(
        self, store: Store, other_store: Store, factory: Factory, refreshed: Session
    ) -> None:
        for change in (disable, enable):
            change(store, refreshed.user_id, factory.now())
        with other_store.unit_of_work() as uow:
            user, session = Users(uow).get(refreshed.user_id), Sessions(uow).find(refreshed.id)
            assert session
            user.end_sessions(factory.now())
            session.keep(user, factory.now())
            uow.commit()
        with store.unit_of_work() as uow:
            self.check(Users(uow).get(refreshed.user_id), Sessions(uow).find(refreshed.id), refreshed)

    def test_a_one_time_token_is_read_as_it_was_written(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user, at = factory.user(), factory.now()
        later = at + timedelta(minutes=7)
        token = OneTimeToken.request(
            token_id=factory.new_id(), user_id=user.id, purpose="recovery", at=at, expires_at=at
        )
        save(store, user)
        with store.unit_of_work() as uow:
            uow.records(ONE_TIME_TOKENS).add(token)
            uow.commit()
        for change in (lambda each: each.issue(user, expires_at=later), OneTimeToken.void):
            with store.unit_of_work() as uow:
                found = uow.records(ONE_TIME_TOKENS).get(token.id)
                assert found
                change(found)
                uow.commit()
            with other_store.unit_of_work() as uow:
                stored = uow.records(ONE_TIME_TOKENS).get(token.id)
            assert stored
            for name in OneTimeToken.outside_events:
                assert getattr(stored, name) == getattr(found, name), name

    @staticmethod
    def check(user: User, session: Session | None, written: Session) -> None:
        assert user.password_hash == HASH
        assert session
        for name in Session.outside_events:
            assert getattr(session, name) == getattr(written, name), name
