"""What limits refuse after the clock of the service was fast, or where that of another instance is ahead."""

from collections.abc import Callable

import pytest

from hexaccount.bootstrap.service import Service
from hexaccount.kernel.messages import Command
from hexaccount.passwords.log_in import LogIn
from hexaccount.rate_limits.acquire_permit import AcquirePermit
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.registration.register_user import REGISTER
from hexaccount.sessions.refresh_session import REFRESH
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.people import PASSWORD

ADDRESS = "192.0.2.7"
REQUESTS: dict[str, Callable[[], Command[object]]] = {
    "login": lambda: LogIn(user_name="juliet", password=PASSWORD, client_address=ADDRESS),
    "refresh": lambda: AcquirePermit(policy=REFRESH, client_address=ADDRESS),
    "registration": lambda: AcquirePermit(policy=REGISTER, client_address=ADDRESS),
}


@pytest.mark.usefixtures("juliet")
@pytest.mark.parametrize(
    ("name", "seconds", "expected"),
    [
        # A login acquires permits of what was typed, which count, and then those of the account.
        ("login", 120, [12, 2, 10]),
        ("login", 300, [12, 2, 10]),
        ("login", 86_400, [720, 240, 480]),
        ("refresh", 120, [1]),
        ("refresh", 300, [1]),
        ("refresh", 86_400, [1]),
        ("registration", 120, [2]),
        ("registration", 300, [2]),
        ("registration", 86_400, [60]),
    ],
)
def test_a_request_waits_for_an_interval_and_not_for_the_time_that_the_clock_had(
    service: Service, clock: AdjustableClock, name: str, seconds: int, expected: list[int]
) -> None:
    clock.advance(seconds=seconds)
    service.bus.handle(REQUESTS[name]())
    clock.advance(seconds=-seconds)
    waits = []
    for _ in expected:
        with pytest.raises(TooManyAttempts) as refusal:
            service.bus.handle(REQUESTS[name]())
        waits.append(refusal.value.limit_status.wait)
        clock.advance(seconds=waits[-1])
    assert waits == expected
    service.bus.handle(REQUESTS[name]())
