"""Readers that fill the cache and endings of sessions, in every order of steps, with failures of the server."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, count
from pathlib import Path
from uuid import UUID

import pytest

from hexaccount.sessions.ports import CachedSession, CacheFill
from hexaccount_redis import RedisClient, RedisSessionCache
from tests.adapters.redis.sessions import PHONE, cached
from tests.servers.redis import RedisServer, client

READS = ("find", "read", "fill")
ENDS = ("invalidate", "commit", "invalidate again")
_users = (UUID(int=number) for number in count(1000))


def merged(first: list[str], second: list[str]) -> Iterator[list[str]]:
    """Yield every interleaving of two sequences of steps."""
    for positions in combinations(range(len(first) + len(second)), len(first)):
        one, other = iter(first), iter(second)
        yield [next(one) if position in positions else next(other) for position in range(len(first) + len(second))]


ONE_READER = list(merged([f"0 {step}" for step in READS], list(ENDS)))


@dataclass
class Scenario:
    """A user whose session is live until the commit; each cache has connections of its own."""

    caches: list[RedisSessionCache]
    user: UUID = field(default_factory=lambda: next(_users))
    ended: bool = False
    leases: dict[str, object] = field(default_factory=dict)
    was_live: dict[str, bool] = field(default_factory=dict)

    def warm(self) -> None:
        found = self.caches[0].find(self.user, PHONE)
        assert isinstance(found, CacheFill)
        self.caches[0].fill(found, cached(PHONE, self.user))

    def do(self, step: str) -> None:
        match step.split(maxsplit=1):
            case ["invalidate", *_]:
                assert self.caches[-1].invalidate({self.user})
            case ["commit"]:
                self.ended = True
            case [reader, "find"]:
                self.leases[reader] = self.caches[int(reader)].find(self.user, PHONE)
            case [reader, "read"]:
                self.was_live[reader] = not self.ended
            case [reader, "fill"]:
                lease = self.leases[reader]
                if isinstance(lease, CacheFill) and self.was_live[reader]:
                    self.caches[int(reader)].fill(lease, cached(PHONE, self.user))

    def is_cached(self, cache: int = 0) -> bool:
        return isinstance(self.caches[cache].find(self.user, PHONE), CachedSession)


@pytest.fixture(scope="module")
def saving_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis"), saves=True) as server:
        yield server


def caches_on(url: str, open_client: Callable[[str], RedisClient], number: int) -> list[RedisSessionCache]:
    return [RedisSessionCache(open_client(url)) for _ in range(number)]


@pytest.mark.parametrize("warm", [True, False])
def test_one_reader_and_one_ending(redis_url: str, open_client: Callable[[str], RedisClient], warm: bool) -> None:
    caches = caches_on(redis_url, open_client, 2)
    for steps in ONE_READER:
        scenario = Scenario(caches)
        if warm:
            scenario.warm()
        for step in steps:
            scenario.do(step)
            if scenario.ended:
                assert not scenario.is_cached(), steps
        assert not scenario.is_cached(1), steps


def test_an_ending_without_its_second_invalidation_holds(
    redis_url: str, open_client: Callable[[str], RedisClient]
) -> None:
    caches = caches_on(redis_url, open_client, 2)
    for steps in merged([f"0 {step}" for step in READS], list(ENDS[:2])):
        scenario = Scenario(caches)
        for step in steps:
            scenario.do(step)
        assert not scenario.is_cached(), steps


def test_two_readers_and_one_ending(redis_url: str, open_client: Callable[[str], RedisClient]) -> None:
    caches = caches_on(redis_url, open_client, 3)
    for readers in merged([f"0 {step}" for step in READS], [f"1 {step}" for step in READS]):
        for steps in merged(readers, list(ENDS)):
            scenario = Scenario(caches)
            for step in steps:
                scenario.do(step)
            assert not scenario.is_cached(), steps


def test_two_endings_of_different_sessions_and_one_reader(
    redis_url: str, open_client: Callable[[str], RedisClient]
) -> None:
    caches = caches_on(redis_url, open_client, 2)
    for endings in merged(["invalidate", "invalidate again"], list(ENDS)):
        for steps in merged([f"0 {step}" for step in READS], endings):
            scenario = Scenario(caches)
            for step in steps:
                scenario.do(step)
            assert not scenario.is_cached(), steps


@pytest.mark.parametrize("warm", [True, False])
def test_a_loss_of_all_data_at_any_step(redis_url: str, open_client: Callable[[str], RedisClient], warm: bool) -> None:
    caches = caches_on(redis_url, open_client, 2)
    with client(redis_url) as connection:
        for steps in ONE_READER:
            for lost in range(len(steps) + 1):
                scenario = Scenario(caches)
                if warm:
                    scenario.warm()
                for number, step in enumerate(steps):
                    if number == lost:
                        connection.flushdb()
                    scenario.do(step)
                assert not scenario.is_cached(), (lost, steps)


def test_a_restart_of_the_server_at_any_step(
    flaky_redis: RedisServer, open_client: Callable[[str], RedisClient]
) -> None:
    caches = caches_on(flaky_redis.url, open_client, 2)
    for steps in ONE_READER:
        # Between the reader's steps; at other steps a restart equals a loss of all data.
        lost = random.Random(str(steps)).randrange(1, len(steps))
        scenario = Scenario(caches)
        for number, step in enumerate(steps):
            if number == lost:
                flaky_redis.restart()
            scenario.do(step)
        assert not scenario.is_cached(), (lost, steps)


def test_a_restart_from_an_older_snapshot(saving_redis: RedisServer, open_client: Callable[[str], RedisClient]) -> None:
    caches = caches_on(saving_redis.url, open_client, 2)
    cases = [(steps, saved, lost) for steps in ONE_READER for saved, lost in combinations(range(len(steps) + 1), 2)]
    for steps, saved, lost in random.Random(3).sample(cases, 80):
        scenario = Scenario(caches)
        if len(steps) + saved + lost & 1:
            scenario.warm()
        for number, step in enumerate([*steps, "end"]):
            if number == saved:
                saving_redis.save()
            if number == lost:
                saving_redis.kill()
                saving_redis.start()
            scenario.do(step)
        assert not scenario.is_cached(), (saved, lost, steps)


def test_a_snapshot_revives_no_session(
    saving_redis: RedisServer, tmp_path: Path, open_client: Callable[[str], RedisClient]
) -> None:
    caches = caches_on(saving_redis.url, open_client, 2)
    for late in (["fill"], []):
        scenario = Scenario(caches)
        if late:
            scenario.do("0 find")
            scenario.do("0 read")
        else:
            scenario.warm()
        saving_redis.save()
        for step in ENDS:
            scenario.do(step)
        saving_redis.kill()
        saving_redis.start()
        if late:
            scenario.do("0 fill")
        assert not scenario.is_cached(), late
