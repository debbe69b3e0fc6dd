from functools import partial
from uuid import UUID

import pytest

from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.message_buses import PASSWORD, BusFactory, registration
from hexaccount.conformance.suites.races import race
from hexaccount.conformance.suites.transactions import save, session_of, user_of
from hexaccount.conformance.suites.two_buses import TwoBusesContract, is_alive
from hexaccount.kernel.bus import MessageBus
from hexaccount.passwords.log_in import LogIn
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount.store_kit.store import Store

_MAXIMUM = 3
_RACERS = 4


class SessionLimitsContract(TwoBusesContract):
    """An account has no more live sessions than the maximum: a login beyond it ends the least recently used."""

    @pytest.fixture
    def buses(self, store: Store, other_store: Store, bus_factory: BusFactory) -> list[MessageBus]:
        """Return two buses, each on its own handle, with a small maximum."""
        return [bus_factory.create_bus(each, maximum=_MAXIMUM) for each in (store, other_store)]

    @pytest.fixture
    def user_id(self, buses: list[MessageBus]) -> UUID:
        return buses[0].handle(registration("frequent"))

    def test_one_more_login_ends_the_least_recently_used_session(
        self, store: Store, buses: list[MessageBus], user_id: UUID
    ) -> None:
        bus = buses[0]
        first, second, third = (self.log_in(bus) for _ in range(_MAXIMUM))
        bus.handle(RefreshSession(refresh=first.refresh))
        last = self.log_in(bus)
        alive = [is_alive(buses[1], issued.token) for issued in (first, second, third, last)]
        assert alive == [True, False, True, True]
        assert session_of(store, second.session_id).closed_at == session_of(store, last.session_id).opened_at
        assert self.live(bus, user_id) == _MAXIMUM

    def test_ended_sessions_and_those_of_other_accounts_do_not_count(
        self, buses: list[MessageBus], user_id: UUID
    ) -> None:
        bus = buses[0]
        bus.handle(registration("other"))
        others = [self.log_in(bus, "other") for _ in range(_MAXIMUM)]
        kept = self.log_in(bus)
        for _ in range(_MAXIMUM):
            bus.handle(EndSession(user_id=user_id, session_id=self.log_in(bus).session_id))
        assert all(is_alive(bus, each.token) for each in (kept, *others))

    def test_racing_logins_exceed_the_maximum_by_their_number_at_most_and_the_next_one_ends_the_surplus(
        self, buses: list[MessageBus], user_id: UUID
    ) -> None:
        for _ in range(3):
            race(*(partial(self.log_in, buses[number % 2]) for number in range(_RACERS)))
            assert self.live(buses[0], user_id) < _MAXIMUM + _RACERS
            newest = self.log_in(buses[1])
            assert self.live(buses[0], user_id) == _MAXIMUM
            assert is_alive(buses[0], newest.token)

    def test_the_sessions_of_an_account_that_has_many_end_a_few_at_each_login(
        self, store: Store, buses: list[MessageBus], user_id: UUID, factory: Factory
    ) -> None:
        user = user_of(store, user_id)
        now = self.log_in(buses[0])
        opened_at = session_of(store, now.session_id).opened_at
        save(store, *(factory.session(user, at=opened_at) for _ in range(59)))
        left = []
        for _ in range(4):
            newest = self.log_in(buses[0])
            left.append(self.live(buses[1], user_id))
        assert left == [40, 20, _MAXIMUM, _MAXIMUM]
        assert is_alive(buses[1], newest.token)

    @staticmethod
    def log_in(bus: MessageBus, name: str = "frequent") -> IssuedTokens:
        return bus.handle(LogIn(user_name=name, password=PASSWORD))

    @staticmethod
    def live(bus: MessageBus, user_id: UUID) -> int:
        """Return how many live sessions an account has."""
        return len(bus.handle(ListSessions(user_id=user_id, limit=200)).sessions)
