"""Accounts that are used day by day, at a moved time."""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from uuid import UUID

from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.factory import Factory
from hexaccount.events.ports import EventsUnitOfWork
from hexaccount.kernel.identifiers import Identifiers, first_id_at
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.sessions.refresh_token import RefreshToken, digest_of, new_refresh_token
from hexaccount.sessions.session import Session
from hexaccount.sessions.sessions import REFRESH_TOKENS, Sessions
from hexaccount.store_kit.store import Store
from hexaccount.testing.adjustable_clock import AdjustableClock

LIFETIMES = Lifetimes(
    access=timedelta(minutes=15), idle=timedelta(days=14), absolute=timedelta(days=90), grace=timedelta(seconds=10)
)
REFRESHES = 4
BATCH = 20
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


class MovedIdentifiers(Identifiers):
    """Creates UUIDs of version 7 with the time of a clock."""

    def __init__(self, clock: AdjustableClock) -> None:
        self._clock = clock
        self._numbers = count(1)

    def new(self) -> UUID:
        number = next(self._numbers)
        return UUID(
            int=first_id_at(self._clock.now()).int | 7 << 76 | 2 << 62 | (number % 2**30) << 32 | number % 2**32
        )


@dataclass(slots=True)
class Account:
    """A user with the current session and the text of its refresh token, empty without a session."""

    user: User
    session_id: UUID = field(default_factory=lambda: UUID(int=0))
    token: str = ""


class Crowd:
    """Accounts, used by their owners."""

    def __init__(self, store: Store, clock: AdjustableClock) -> None:
        self.clock = clock
        self.accounts: list[Account] = []
        self._store = store
        self._identifiers = MovedIdentifiers(clock)
        self._chance = random.Random(0)

    def register(self, number: int) -> None:
        factory = Factory()
        for _ in range(0, number, BATCH):
            users = [factory.user(user_id=self._identifiers.new(), at=self.clock.now()) for _ in range(BATCH)]
            with self._store.unit_of_work() as uow:
                for user in users:
                    Users(uow).add(user)
                uow.commit()
            self.accounts += [Account(user) for user in users]
        del self.accounts[number:]

    def use(self) -> None:
        """Use two accounts of three for an hour of this day."""
        active = [account for account in self.accounts if self._chance.random() < 2 / 3]
        for begin in range(0, len(active), BATCH):
            with self._store.unit_of_work() as uow:
                some = active[begin : begin + BATCH]
                uow.records(REFRESH_TOKENS).prefetch([digest_of(account.token) for account in some if account.token])
                Profiles(uow).prefetch([account.user.id for account in some])
                for account in some:
                    self._use(account, uow)
                uow.commit()

    def _use(self, account: Account, uow: EventsUnitOfWork) -> None:
        at = self.clock.now()
        session = Sessions(uow).find(account.session_id) if account.token else None
        if session is not None and (session.expires_at < at + timedelta(days=1) or self._chance.random() < 1 / 10):
            session.close(at)
        if session is None or session.closed_at is not None or session.idle_until < at:
            session = self._log_in(account, uow)
        else:
            self._refresh(account, session, uow)
        if self._chance.random() < 1 / 90 and (profile := Profiles(uow).find(account.user.id)) is not None:
            profile.update({"bio": f"{self._chance.getrandbits(200):x}"}, at)

    def _log_in(self, account: Account, uow: EventsUnitOfWork) -> Session:
        at = self.clock.now()
        session = Session.open(
            session_id=self._identifiers.new(),
            user=account.user,
            client_address="192.0.2.7",
            user_agent=AGENT,
            at=at,
            lifetimes=LIFETIMES,
        )
        Sessions(uow).add(session)
        account.session_id, account.token = session.id, new_refresh_token()
        uow.records(REFRESH_TOKENS).add(RefreshToken.of(account.token, session_id=session.id, at=at))
        return session

    def _refresh(self, account: Account, session: Session, uow: EventsUnitOfWork) -> None:
        """Refresh each quarter of an hour; only the last token is not spent in the end."""
        tokens, at = uow.records(REFRESH_TOKENS), self.clock.now()
        token = tokens.get(digest_of(account.token))
        assert token is not None
        store = tokens.replace
        for _ in range(REFRESHES):
            at += timedelta(minutes=15)
            spent, token = token.rotate(account.token, at)
            account.token = spent.successor_of(account.token)
            store(spent)
            store = tokens.add
        store(token)
        session.refresh(at, LIFETIMES, client_address=session.client_address, user_agent=session.user_agent)
