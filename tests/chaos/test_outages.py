"""The store, Redis and Kafka hang, die and come back under load, and the service is still there for whoever asks."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from tests.chaos.callers import PATIENCE, Answers, calling
from tests.chaos.ledger import open_ledger
from tests.servers import forked
from tests.servers.kafka import KafkaServer, all_messages, headers_of, temporary_topic
from tests.servers.mongo import MongoServer, quick_directory
from tests.servers.own_server import OwnServer
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresServer
from tests.servers.processes import RunningCommand
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.long

CALLERS = 2
ENOUGH = 3
"""How many requests of every kind have to be done before it is believed that all is well."""

KINDS = ("public/register", "public/login", "me", "me/profile")
LONGEST_WAIT = 60.0
_numbers = count()
OUTAGES = (OwnServer.pause, OwnServer.kill)


class Ready(NamedTuple):
    """What `/ready` says: the status, the code of what is missing, and what is done without."""

    status: int
    code: str | None
    degraded: tuple[str, ...]


WELL = Ready(200, None, ())


@dataclass
class House:
    """A service on a store of its own, with those who call it."""

    service: RunningCommand
    address: str
    store: OwnServer
    store_url: str
    topic: str
    answers: Answers
    hang_up: Callable[[], None]

    def readiness(self) -> Ready:
        answer = requests.get(f"{self.address}/ready", timeout=PATIENCE)
        told = answer.json()
        return Ready(answer.status_code, told.get("code"), tuple(told.get("data", {}).get("degraded", ())))

    def more_are_refused(self, number: int) -> Callable[[], bool]:
        """Return what tells whether some more requests have been refused than now."""
        before = self.answers.refused.total()
        return lambda: self.answers.refused.total() >= before + number

    def told(self) -> str:
        return f"{self.readiness()} {self.answers.refused} {self.answers.failures}\n{self.service.output[-3000:]}"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture
def houses(redis: RedisServer, kafka: KafkaServer, tmp_path: Path) -> Iterator[list[House]]:
    """Give a service on PostgreSQL and one on MongoDB, which share Redis and Kafka; both are called all the time."""
    with ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer(tmp_path))
        mongo = stack.enter_context(MongoServer(quick_directory(tmp_path)))
        stores: dict[OwnServer, str] = {postgres: postgres.url, mongo: mongo.url.replace("/?", "/hexaccount?")}
        topics = [stack.enter_context(temporary_topic(kafka.url)) for _ in stores]
        settings = [
            settings_of(url, f"{redis.url.removesuffix('0')}{number}", topic)
            for number, (url, topic) in enumerate(zip(stores.values(), topics, strict=True))
        ]
        migrations = [stack.enter_context(command(tmp_path, one, "migrate")) for one in settings]
        assert [migration.process.wait(60) for migration in migrations] == [0, 0]
        ports = [free_port() for _ in stores]
        served = [
            stack.enter_context(command(tmp_path, one, "http", "--port", str(port)))
            for one, port in zip(settings, ports, strict=True)
        ]
        yield [
            open_house(stack, service, f"http://127.0.0.1:{port}", store, topic)
            for service, port, store, topic in zip(served, ports, stores.items(), topics, strict=True)
        ]
        for store in stores:
            bring_back(store)


def settings_of(store: str, cache: str, topic: str) -> dict[str, str]:
    return {
        "HEXACCOUNT_STORE": store,
        "HEXACCOUNT_CACHE": cache,
        "HEXACCOUNT_EVENTS": f'["{topic}"]',
        "HEXACCOUNT_JWT__KEY": "k" * 40,
        "HEXACCOUNT_PASSWORD__COST": "4",
        "HEXACCOUNT_LIMITS__FACTOR": "100000",
    }


def command(folder: Path, settings: Mapping[str, str], *arguments: str) -> RunningCommand:
    output = folder / f"output-{next(_numbers)}"
    return forked.running(arguments, output=output, env=settings, cwd=folder)


def open_house(
    stack: ExitStack, service: RunningCommand, address: str, store: tuple[OwnServer, str], topic: str
) -> House:
    """Return a house whose callers call until the stack is closed, or they are told to hang up."""
    service.wait_for_ok(f"{address}/ready", timeout=60)
    calls = stack.enter_context(ExitStack())
    answers = calls.enter_context(calling([address], callers=CALLERS))
    return House(service, address, *store, topic, answers, hang_up=calls.close)


def test_whatever_goes_away_requests_are_answered_readiness_follows_and_all_recovers(
    houses: list[House], redis: RedisServer, kafka: KafkaServer, capsys: pytest.CaptureFixture[str]
) -> None:
    all_are_done(houses)
    for begin in OUTAGES:
        begin(kafka)
        # While the relays find out, which takes them seconds, Redis goes, too.
        begin(redis)
        wait_for(houses, lambda ready: ready.status == 200 and "cache" in ready.degraded)
        all_are_done(houses)
        bring_back(redis)
        wait_for(houses, lambda ready: ready == Ready(200, None, ("events",)))
        all_are_done(houses)
        bring_back(kafka)
        wait_for(houses, lambda ready: ready == WELL)
    assert [house.answers.refused for house in houses] == [{}, {}], "somebody was refused though the store was there"
    # What it had acknowledged just before it was killed, this broker does not keep.
    safe = [len(house.answers.registered) for house in houses]

    for begin in OUTAGES:
        for house in houses:
            begin(house.store)
        wait_for(houses, lambda ready: ready == Ready(503, "store_unreachable", ()))
        for house in houses:
            wait_until(house.more_are_refused(10 * CALLERS), house.told)
            bring_back(house.store)
        wait_for(houses, lambda ready: ready == WELL)
        all_are_done(houses)

    for house, first in zip(houses, safe, strict=True):
        house.hang_up()
        with open_ledger(house.store_url) as ledger:
            wait_until(lambda ledger=ledger: not ledger.pending(), house.told)
        told = {headers["ce_subject"] for headers in map(headers_of, all_messages(house.topic))}
        assert told >= set(house.answers.registered[first:])
        assert house.answers.failures == []
        assert "Traceback" not in house.service.output
        assert house.service.process.poll() is None
    with capsys.disabled():
        for house in houses:
            done, refused = house.answers.done.total(), dict(house.answers.refused)
            told = f"{done} requests done, {refused} refused, none in more than {house.answers.longest:.1f} s"
            sys.stdout.write(f"\n{house.store.title}: {told}")
        sys.stdout.write("\n")


def all_are_done(houses: list[House]) -> None:
    """Return once each service has done enough requests of every kind, counted from now."""
    for house in houses:
        before = Counter(house.answers.done)
        wait_until(
            lambda house=house, before=before: all(house.answers.done[kind] - before[kind] >= ENOUGH for kind in KINDS),
            house.told,
        )


def bring_back(server: OwnServer) -> None:
    """Let a server go on, or start it anew."""
    if server.running:
        server.resume()
    else:
        server.start()


def wait_for(houses: list[House], condition: Callable[[Ready], bool]) -> None:
    """Return once it is so with the readiness of each service."""
    for house in houses:
        wait_until(lambda house=house: condition(house.readiness()), house.told)


def wait_until(condition: Callable[[], bool], told: Callable[[], str]) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.05)
