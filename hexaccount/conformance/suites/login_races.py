from functools import partial
from uuid import UUID

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.contract_suite import StoreUnderTest
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.message_buses import PASSWORD, BusFactory, registration
from hexaccount.conformance.suites.races import RacingThreads, race
from hexaccount.conformance.suites.transactions import disable, save, session_of, user_of
from hexaccount.conformance.suites.two_buses import TwoBusesContract, is_alive
from hexaccount.kernel.bus import MessageBus
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.sessions import Sessions
from hexaccount.store_kit.store import Store


class LoginRacesContract(TwoBusesContract):
    """Ending the sessions of an account also ends those that are being opened."""

    @pytest.mark.parametrize("handles", [1, 2])
    def test_a_login_that_races_a_disabling_leaves_no_live_session(
        self, store: Store, other_store: Store, bus_factory: BusFactory, under_test: StoreUnderTest, handles: int
    ) -> None:
        bus, other_bus = bus_factory.create_bus(store), bus_factory.create_bus(store if handles == 1 else other_store)
        rounds = min(20 * under_test.rounds, 200) // handles
        user_id = bus.handle(registration("contested"))
        tokens: list[str] = []
        with RacingThreads(2) as threads:
            for _ in range(rounds):
                calls = [partial(self.disable, bus, user_id), partial(self.log_in, other_bus, "contested")]
                for token in filter(None, threads.race(calls)):
                    tokens.append(token)
                    assert not is_alive(bus, token)
                bus.handle(EnableUser(user_id=user_id))
        assert user_of(store, user_id).epoch == rounds
        for token in tokens:  # enabling the account does not revive a session
            assert not is_alive(bus, token)
        assert bus.handle(Authenticate(token=bus.handle(self.login("contested")).token)).user.id == user_id

    def test_a_login_that_read_the_account_before_its_disabling_opens_no_live_session(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        save(store, user)
        with store.unit_of_work() as uow:
            session = factory.session(Users(uow).get(user.id))
        disable(other_store, user.id, factory.now())
        with other_store.unit_of_work() as uow:
            Users(uow).get(user.id).enable(factory.now())
            uow.commit()
        save(store, session)
        with other_store.unit_of_work() as uow:
            pair = Sessions(uow).find_with_user(session.id)
        assert pair
        stored, owner = pair
        assert (stored.epoch, owner.epoch, owner.disabled) == (0, 1, False)
        assert not stored.is_live(owner, factory.now())

    def test_racing_logouts_of_one_session_end_it_once(self, store: Store, buses: list[MessageBus]) -> None:
        user_id = buses[0].handle(registration("contested"))
        for _ in range(10):
            access = buses[0].handle(self.login("contested"))
            assert buses[1].handle(Authenticate(token=access.token)).user.id == user_id
            race(*(partial(bus.handle, LogOut(session_id=access.session_id)) for bus in buses * 2))
            for bus in buses:
                assert not is_alive(bus, access.token)
            assert session_of(store, access.session_id).version == 2

    @staticmethod
    def login(name: str) -> LogIn:
        return LogIn(user_name=name, password=PASSWORD)

    @classmethod
    def log_in(cls, bus: MessageBus, name: str) -> str | None:
        """Return the token, None if the credentials are refused."""
        try:
            return bus.handle(cls.login(name)).token
        except WrongCredentials:
            return None

    @staticmethod
    def disable(bus: MessageBus, user_id: UUID) -> str | None:
        bus.handle(DisableUser(user_id=user_id))
        return None
