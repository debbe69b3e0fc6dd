from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.message_buses import PASSWORD, registration
from hexaccount.conformance.suites.races import race
from hexaccount.conformance.suites.two_buses import TwoBusesContract, is_alive
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.messages import Command
from hexaccount.mail.complete_recovery import CompleteRecovery
from hexaccount.mail.errors import InvalidOneTimeToken
from hexaccount.mail.one_time_token import OneTimeToken
from hexaccount.mail.one_time_tokens import OneTimeTokens
from hexaccount.mail.purposes import RECOVERY
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.set_password import SetPassword
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.store_kit.store import Store

_CLIENTS = 32
_LATER = datetime(2999, 1, 1, tzinfo=UTC)
_NEW = "lamp violin tuesday"
_OTHER = "river copper walnut"


class RecoveryRacesContract(TwoBusesContract):
    """A one-time token is used once, and leaves no session of the password that it replaces."""

    def test_one_of_many_clients_uses_a_token(self, store: Store, buses: list[MessageBus], factory: Factory) -> None:
        user_id = buses[0].handle(registration("contested"))
        token = self.token(store, factory, user_id)
        commands = [CompleteRecovery.of_text(token=token, password=_NEW)] * _CLIENTS
        used = race(*(partial(self.succeeds, buses[n % 2], command) for n, command in enumerate(commands)))
        assert sum(used) == 1
        assert self.log_in(buses[1], _NEW) is not None

    def test_a_recovery_that_races_logins_leaves_no_session_of_the_old_password(
        self, store: Store, buses: list[MessageBus], factory: Factory
    ) -> None:
        user_id = buses[0].handle(registration("contested"))
        complete = CompleteRecovery.of_text(token=self.token(store, factory, user_id), password=_NEW)
        logins: list[Callable[[], object]] = [partial(self.log_in, bus, PASSWORD) for bus in buses * 2]
        completed, *opened = race(partial(self.succeeds, buses[1], complete), *logins)
        assert completed
        assert not any(is_alive(buses[0], each.token) for each in opened if isinstance(each, IssuedTokens))
        assert self.log_in(buses[0], PASSWORD) is None

    def test_a_recovery_and_a_new_password_at_once_leave_the_password_of_one(
        self, store: Store, buses: list[MessageBus], factory: Factory
    ) -> None:
        user_id = buses[0].handle(registration("contested"))
        complete = CompleteRecovery.of_text(token=self.token(store, factory, user_id), password=_NEW)
        change = SetPassword.of_text(user_id=user_id, password=_OTHER)
        race(partial(self.succeeds, buses[0], complete), partial(self.succeeds, buses[1], change))
        valid = [password for password in (PASSWORD, _NEW, _OTHER) if self.log_in(buses[0], password)]
        assert valid in ([_NEW], [_OTHER])
        assert not self.succeeds(buses[1], complete)

    @staticmethod
    def token(store: Store, factory: Factory, user_id: UUID) -> str:
        """Return the text of a token, as its message has it."""
        token = OneTimeToken.request(
            token_id=factory.new_id(), user_id=user_id, purpose=RECOVERY.name, at=factory.now(), expires_at=_LATER
        )
        with store.unit_of_work() as uow:
            text = token.issue(Users(uow).get(user_id), expires_at=_LATER)
            OneTimeTokens(uow).add(token)
            uow.commit()
        return text

    @staticmethod
    def succeeds(bus: MessageBus, command: Command[None]) -> bool:
        try:
            bus.handle(command)
        except InvalidOneTimeToken:
            return False
        return True

    @staticmethod
    def log_in(bus: MessageBus, password: str) -> IssuedTokens | None:
        try:
            return bus.handle(LogIn(user_name="contested", password=password))
        except WrongCredentials:
            return None
