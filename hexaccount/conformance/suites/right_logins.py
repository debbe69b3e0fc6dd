from collections import Counter
from functools import partial

from hexaccount.conformance.suites.factory import START
from hexaccount.conformance.suites.message_buses import PASSWORD, BusFactory, registration
from hexaccount.conformance.suites.races import RacingThreads, outcome
from hexaccount.conformance.suites.two_buses import TwoBusesContract
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.login_throttle import LOGIN_ADDRESS, LOGINS_OF_ADDRESS
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.store_kit.store import Store
from hexaccount.testing.adjustable_clock import AdjustableClock

_LOGINS, _AT_ONCE = 110, 10


class RightLoginsContract(TwoBusesContract):
    """Right passwords are no guesses, however many clients of one address log in at once."""

    def test_ten_accounts_of_one_address_log_in_at_once_and_none_is_refused(
        self, store: Store, other_store: Store, bus_factory: BusFactory
    ) -> None:
        assert LOGIN_ADDRESS.limit.burst.capacity < _LOGINS < LOGINS_OF_ADDRESS.limit.burst.capacity
        clock = AdjustableClock(START)
        buses = [bus_factory.create_bus(each, clock=clock, limit_factor=1) for each in (store, other_store)]
        logins = []
        for number in range(_AT_ONCE):
            name, bus = f"pupil{number}", buses[number % 2]
            bus.handle(registration(name))
            login = LogIn(user_name=name, password=PASSWORD, client_address="192.0.2.7")
            logins.append(partial(outcome, partial(bus.handle, login), TooManyAttempts))
        with RacingThreads(_AT_ONCE) as threads:
            outcomes = Counter(result for _ in range(_LOGINS // _AT_ONCE) for result in threads.race(logins))
        assert outcomes == {"done": _LOGINS}
