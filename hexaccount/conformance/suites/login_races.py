from collections.abc import Iterator
from functools import partial
from uuid import UUID

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.conformance.suites.on_a_bus import PASSWORD, BusParts, bus_parts, registration
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import Racers, race
from hexaccount.conformance.suites.storing import disable, save, session_of, user_of
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.kernel.bus import Bus
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.log_out import LogOut
from hexaccount.store_kit.store import Store


class LoginRacesContract(ContractSuite):
    """What ends sessions also ends those that are being opened at that moment."""

    @pytest.fixture
    def parts(self) -> Iterator[BusParts]:
        """Return what the buses of a test are made of."""
        with bus_parts() as parts:
            yield parts

    @pytest.mark.parametrize("handles", [1, 2])
    def test_a_login_that_races_a_disabling_leaves_no_live_session(
        self, store: Store, another: Store, parts: BusParts, handles: int
    ) -> None:
        bus, other_bus = parts.bus_on(store), parts.bus_on(store if handles == 1 else another)
        user_id = bus.handle(registration("contested"))
        tokens: list[str] = []
        with Racers(2) as racers:
            for _ in range(200 // handles):
                works = [partial(self.disable, bus, user_id), partial(self.log_in, other_bus, "contested")]
                for token in filter(None, racers.race(works)):
                    tokens.append(token)
                    self.check_dead(bus, token)
                bus.handle(EnableUser(user_id=user_id))
        assert user_of(store, user_id).epoch == 200 // handles
        for token in tokens:  # nor does an enabled account revive one
            self.check_dead(bus, token)
        assert bus.handle(Authenticate(token=bus.handle(self.login("contested")).token)).user.id == user_id

    def test_a_login_that_read_the_account_before_its_disabling_opens_a_dead_session(
        self, store: Store, another: Store, people: People
    ) -> None:
        user = people.user()
        save(store, user)
        with store.unit_of_work() as uow:
            session = people.session(uow.users.get(user.id))
        disable(another, user.id, people.now())
        with another.unit_of_work() as uow:
            uow.users.get(user.id).enable(people.now())
            uow.commit()
        save(store, session)
        with another.unit_of_work() as uow:
            pair = uow.sessions.find_with_user(session.id)
        assert pair
        stored, holder = pair
        assert (stored.epoch, holder.epoch, holder.disabled) == (0, 1, False)
        assert not stored.is_live(holder, people.now())

    def test_racing_logouts_of_one_session_end_it_once(self, store: Store, another: Store, parts: BusParts) -> None:
        buses = [parts.bus_on(store), parts.bus_on(another)]
        user_id = buses[0].handle(registration("contested"))
        for _ in range(10):
            access = buses[0].handle(self.login("contested"))
            assert buses[1].handle(Authenticate(token=access.token)).user.id == user_id
            race(*(partial(bus.handle, LogOut(session_id=access.session_id)) for bus in buses * 2))
            for bus in buses:
                self.check_dead(bus, access.token)
            stored = session_of(store, access.session_id)
            assert stored
            assert stored.version == 2

    @staticmethod
    def login(name: str) -> LogIn:
        """Return the command that logs in with the right password."""
        return LogIn(user_name=name, password=PASSWORD)

    @classmethod
    def log_in(cls, bus: Bus, name: str) -> str | None:
        """Return the token of a login, if the account still lets us in."""
        try:
            return bus.handle(cls.login(name)).token
        except WrongCredentials:
            return None

    @staticmethod
    def disable(bus: Bus, user_id: UUID) -> str | None:
        """Disable the account, and return no token."""
        bus.handle(DisableUser(user_id=user_id))
        return None

    @staticmethod
    def check_dead(bus: Bus, token: str) -> None:
        """See a token refused."""
        with pytest.raises(NotAuthenticated):
            bus.handle(Authenticate(token=token))
