"""Who fills a cache and who ends a session, in every order of their steps, with the server in trouble at any moment."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, count
from pathlib import Path
from uuid import UUID

import pytest

from hexaccount.sessions.ports import CachedSession, CacheFill
from hexaccount_redis import RedisLink, RedisSessionCache
from tests.adapters.redis.sessions import PHONE, known
from tests.servers.redis import RedisServer, client

READS = ("find", "look up", "keep")
ENDS = ("mark", "commit", "mark again")
_users = (UUID(int=number) for number in count(1000))


def merged(first: list[str], second: list[str]) -> Iterator[list[str]]:
    """Give every order of the steps of two that keeps the order of each."""
    for places in combinations(range(len(first) + len(second)), len(first)):
        one, other = iter(first), iter(second)
        yield [next(one) if place in places else next(other) for place in range(len(first) + len(second))]


ONE_READER = list(merged([f"0 {step}" for step in READS], list(ENDS)))


@dataclass
class Play:
    """One user, whose session is live until the commit; every process has connections of its own."""

    caches: list[RedisSessionCache]
    user: UUID = field(default_factory=lambda: next(_users))
    ended: bool = False
    leases: dict[str, object] = field(default_factory=dict)
    seen: dict[str, bool] = field(default_factory=dict)

    def warm(self) -> None:
        found = self.caches[0].find(self.user, PHONE)
        assert isinstance(found, CacheFill)
        self.caches[0].keep(found, known(PHONE, self.user))

    def do(self, step: str) -> None:
        match step.split(maxsplit=1):
            case ["mark", *_]:
                assert self.caches[-1].invalidate({self.user})
            case ["commit"]:
                self.ended = True
            case [reader, "find"]:
                self.leases[reader] = self.caches[int(reader)].find(self.user, PHONE)
            case [reader, "look up"]:
                self.seen[reader] = not self.ended
            case [reader, "keep"]:
                lease = self.leases[reader]
                if isinstance(lease, CacheFill) and self.seen[reader]:
                    self.caches[int(reader)].keep(lease, known(PHONE, self.user))

    def is_known(self, cache: int = 0) -> bool:
        return isinstance(self.caches[cache].find(self.user, PHONE), CachedSession)


@pytest.fixture(scope="module")
def saving_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis"), saves=True) as server:
        yield server


def caches_on(url: str, open_link: Callable[[str], RedisLink], number: int) -> list[RedisSessionCache]:
    return [RedisSessionCache(open_link(url)) for _ in range(number)]


@pytest.mark.parametrize("warm", [True, False])
def test_one_who_fills_and_one_who_ends(redis_url: str, open_link: Callable[[str], RedisLink], warm: bool) -> None:
    caches = caches_on(redis_url, open_link, 2)
    for steps in ONE_READER:
        play = Play(caches)
        if warm:
            play.warm()
        for step in steps:
            play.do(step)
            if play.ended:
                assert not play.is_known(), steps
        assert not play.is_known(1), steps


def test_an_end_without_its_second_mark_is_one_all_the_same(
    redis_url: str, open_link: Callable[[str], RedisLink]
) -> None:
    caches = caches_on(redis_url, open_link, 2)
    for steps in merged([f"0 {step}" for step in READS], list(ENDS[:2])):
        play = Play(caches)
        for step in steps:
            play.do(step)
        assert not play.is_known(), steps


def test_two_who_fill_and_one_who_ends(redis_url: str, open_link: Callable[[str], RedisLink]) -> None:
    caches = caches_on(redis_url, open_link, 3)
    for readers in merged([f"0 {step}" for step in READS], [f"1 {step}" for step in READS]):
        for steps in merged(readers, list(ENDS)):
            play = Play(caches)
            for step in steps:
                play.do(step)
            assert not play.is_known(), steps


def test_two_who_end_different_sessions_and_one_who_fills(
    redis_url: str, open_link: Callable[[str], RedisLink]
) -> None:
    caches = caches_on(redis_url, open_link, 2)
    for enders in merged(["mark", "mark again"], list(ENDS)):
        for steps in merged([f"0 {step}" for step in READS], enders):
            play = Play(caches)
            for step in steps:
                play.do(step)
            assert not play.is_known(), steps


@pytest.mark.parametrize("warm", [True, False])
def test_everything_is_lost_at_any_moment(redis_url: str, open_link: Callable[[str], RedisLink], warm: bool) -> None:
    caches = caches_on(redis_url, open_link, 2)
    with client(redis_url) as connection:
        for steps in ONE_READER:
            for lost in range(len(steps) + 1):
                play = Play(caches)
                if warm:
                    play.warm()
                for number, step in enumerate(steps):
                    if number == lost:
                        connection.flushdb()
                    play.do(step)
                assert not play.is_known(), (lost, steps)


def test_the_server_is_killed_and_comes_back_at_any_moment(
    frail: RedisServer, open_link: Callable[[str], RedisLink]
) -> None:
    caches = caches_on(frail.url, open_link, 2)
    for steps in ONE_READER:
        # Between the reader's steps: elsewhere a restart is the same as a loss.
        lost = random.Random(str(steps)).randrange(1, len(steps))
        play = Play(caches)
        for number, step in enumerate(steps):
            if number == lost:
                frail.restart()
            play.do(step)
        assert not play.is_known(), (lost, steps)


def test_the_server_comes_back_with_what_it_had_saved_before(
    saving_redis: RedisServer, open_link: Callable[[str], RedisLink]
) -> None:
    caches = caches_on(saving_redis.url, open_link, 2)
    moments = [(steps, saved, lost) for steps in ONE_READER for saved, lost in combinations(range(len(steps) + 1), 2)]
    for steps, saved, lost in random.Random(3).sample(moments, 80):
        play = Play(caches)
        if len(steps) + saved + lost & 1:
            play.warm()
        for number, step in enumerate([*steps, "look"]):
            if number == saved:
                saving_redis.save()
            if number == lost:
                saving_redis.kill()
                saving_redis.start()
            play.do(step)
        assert not play.is_known(), (saved, lost, steps)


def test_a_session_that_was_saved_with_its_lease_is_not_revived(
    saving_redis: RedisServer, tmp_path: Path, open_link: Callable[[str], RedisLink]
) -> None:
    caches = caches_on(saving_redis.url, open_link, 2)
    for late in (["keep"], []):
        play = Play(caches)
        if late:
            play.do("0 find")
            play.do("0 look up")
        else:
            play.warm()
        saving_redis.save()
        for step in ENDS:
            play.do(step)
        saving_redis.kill()
        saving_redis.start()
        if late:
            play.do("0 keep")
        assert not play.is_known(), late
