"""A Redis, or a proxy before one, that has less than the usual: it works, or is refused with the remedy."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis

from hexaccount.kernel.rate_limit import GcraBucket, RateLimit
from hexaccount.passwords.log_in import LogIn
from hexaccount.rate_limits.ports import RateLimitStoreUnavailable
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.ports import CachedSession, CacheFill
from hexaccount_redis import RedisClient, RedisRateLimitStore, RedisRefused, RedisSessionCache
from hexaccount_redis.client import _REMEDIES
from tests.adapters.redis.services import ServiceOpener
from tests.adapters.redis.sessions import JULIET, NOON, PHONE, cached
from tests.people import PASSWORD, registration
from tests.servers.redis import RedisServer, client

Opener = Callable[[str], RedisClient]
LIMIT = RateLimit(GcraBucket(5, timedelta(seconds=12)), GcraBucket(8, timedelta(minutes=3)))
RIGHTS = _REMEDIES["NOPERM"].removeprefix("grant the user ").split()


class RedisWith(RedisServer):
    """A Redis with further options."""

    def __init__(self, directory: Path, *options: str) -> None:
        super().__init__(directory)
        self._options = options

    def command(self) -> list[str | Path]:
        return [*super().command(), *self._options]

    def answers(self) -> bool:
        """Return whether it takes connections: it may lack every command that could tell more."""
        with socket.socket() as connection:
            return connection.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def user(redis: Redis, url: str, *rules: str) -> Iterator[str]:
    """Give the URL of a user with these rights."""
    redis.execute_command("ACL", "SETUSER", "narrow", "on", ">password", *rules)
    try:
        yield url.replace("redis://", "redis://narrow:password@")
    finally:
        redis.acl_deluser("narrow")


def use(breaker: RedisClient) -> None:
    """Do with a Redis what requests do with it."""
    breaker.check()
    breaker.probe()
    assert breaker.reachable
    cache, rate_limits = RedisSessionCache(breaker), RedisRateLimitStore(breaker)
    assert cache.invalidate({PHONE})
    lease = cache.find(JULIET, PHONE)
    assert isinstance(lease, CacheFill)
    cache.fill(lease, cached())
    assert isinstance(cache.find(JULIET, PHONE), CachedSession)
    assert cache.invalidate({JULIET})
    rate_limits.acquire({"a": LIMIT, "b": LIMIT}, NOON)
    rate_limits.refund({"a": LIMIT, "b": LIMIT}, timedelta())
    assert breaker.reachable


def test_a_server_without_hello_client_and_select_is_sufficient(tmp_path: Path, open_client: Opener) -> None:
    without = [option for name in ("HELLO", "CLIENT", "SELECT", "PING") for option in ("--rename-command", name, "")]
    with RedisWith(tmp_path, *without, "--requirepass", "password") as server:
        use(open_client(server.url.replace("redis://", "redis://:password@")))


def test_the_rights_of_the_remedy_suffice_and_each_is_needed(redis: Redis, redis_url: str, open_client: Opener) -> None:
    with user(redis, redis_url, "reset", "on", ">password", *RIGHTS) as url:
        use(open_client(url))
    for right in RIGHTS:
        rights = [other for other in RIGHTS if other != right]
        if right == "+script|load":
            redis.script_flush()
        with user(redis, redis_url, "reset", "on", ">password", *rights) as url, pytest.raises(RedisRefused) as refusal:
            open_client(url).check()
        assert str(refusal.value) == f"Redis answers NOPERM; grant the user {' '.join(RIGHTS)}"


@pytest.mark.parametrize(
    ("place", "remedy"),
    [("/3", "Redis has no database of this number; correct it in the setting cache"), ("", "part of a Redis Cluster")],
)
def test_a_cluster_is_refused_with_the_remedy(tmp_path: Path, open_client: Opener, place: str, remedy: str) -> None:
    with RedisWith(tmp_path, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf") as server:
        with client(server.url) as admin:
            admin.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            while "cluster_state:ok" not in str(admin.execute_command("CLUSTER", "INFO")):
                pass
        breaker = open_client(server.url.removesuffix("/0") + place)
        with pytest.raises(RedisRefused, match=remedy):
            breaker.check()
        breaker.probe()
        assert not breaker.reachable
        assert RedisSessionCache(breaker).find(JULIET, PHONE) is None
        with pytest.raises(RateLimitStoreUnavailable):
            RedisRateLimitStore(breaker).acquire({"a": LIMIT}, NOON)


def test_a_server_without_scripts_is_refused_with_the_remedy(tmp_path: Path, open_client: Opener) -> None:
    message = r"Redis lacks a command; name Redis 7\.0 or newer, or Valkey, without a proxy in the setting cache"
    with RedisWith(tmp_path, "--rename-command", "EVALSHA", "") as server, pytest.raises(RedisRefused, match=message):
        open_client(server.url).check()


def test_no_request_fails_while_redis_is_full(open_one: ServiceOpener, flaky_redis: RedisServer) -> None:
    service = open_one(flaky_redis.url, limits=True)
    with client(flaky_redis.url) as redis:
        redis.config_set("maxmemory-policy", "noeviction")
        redis.config_set("maxmemory", 1)
        try:
            service.bus.handle(registration("juliet"))
            access = service.bus.handle(LogIn(user_name="juliet", password=PASSWORD))
            principal = service.bus.handle(Authenticate(token=access.token))
            service.bus.handle(LogOut(session_id=principal.session_id))
            with pytest.raises(NotAuthenticated):
                service.bus.handle(Authenticate(token=access.token))
            assert service.degraded() == ["cache"]
            with pytest.raises(RedisRefused, match="OOM; raise maxmemory, or let Redis evict keys"):
                service.container.redis_client().check()
        finally:
            redis.config_set("maxmemory", 0)
