"""Login attempts are limited on Redis for all processes together, and without Redis for each alone."""

import pytest

from hexaccount.bootstrap.service import Service
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.adapters.redis.services import ServiceOpener, statements_of
from tests.people import PASSWORD, registration
from tests.servers.ports import free_port
from tests.servers.redis import client


def guesses(services: list[Service], number: int) -> int:
    """Return how many of `number` guesses the processes admit, in turn."""
    admitted = 0
    for guess in range(number):
        command = LogIn(user_name="juliet", password="wrong", client_address="192.0.2.7")
        with pytest.raises((WrongCredentials, TooManyAttempts)) as raised:
            services[guess % len(services)].bus.handle(command)
        admitted += raised.type is WrongCredentials
    return admitted


def test_guesses_are_counted_on_redis_for_all_processes(open_one: ServiceOpener, redis_url: str) -> None:
    services = [open_one(redis_url, limits=True, workers=1), open_one(redis_url, limits=True, workers=1)]
    assert guesses(services, 12) == 5
    assert "rate_limits" not in " ".join(statements_of(services[0], lambda: guesses(services[:1], 1)))
    with client(redis_url) as connection:
        keys = [key for key in connection.scan_iter() if "rate-limits" in key]
        assert len(keys) == 6
        assert not any(word in "".join(keys) for word in ("juliet", "192.0.2.7"))


def test_without_redis_each_of_n_workers_admits_its_share(open_one: ServiceOpener, clock: AdjustableClock) -> None:
    unreachable = f"redis://127.0.0.1:{free_port()}"
    two = [open_one(unreachable, limits=True, workers=2) for _ in range(2)]
    assert guesses(two, 20) == 4  # 5 / 2 for each, rounded down
    clock.advance(seconds=23)
    assert guesses(two, 2) == 0
    clock.advance(seconds=1)
    assert guesses(two, 4) == 2  # one each in 24 s is one in 12 s
    (single,) = [open_one(unreachable, limits=True, workers=1)]
    assert guesses([single], 8) == 5
    many = open_one(unreachable, limits=True, workers=16)
    assert guesses([many], 8) == 1
    right = LogIn(user_name="romeo", password=PASSWORD, client_address="198.51.100.7")
    many.bus.handle(registration("romeo"))
    for _ in range(3):
        assert many.bus.handle(right).token  # a correct password is no guess here, too
