"""The store, Redis and Kafka hang, die and come back under load, and the service keeps answering."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.chaos.deployment import CALLERS, READY, Deployment, Ready, command, open_deployment, settings_of
from tests.chaos.ledger import open_ledger
from tests.servers.kafka import KafkaServer, all_messages, headers_of, temporary_topic
from tests.servers.mongo import MongoServer, quick_directory
from tests.servers.own_server import OwnServer
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.slow

ENOUGH = 3
"""How many requests of every kind must succeed before a service counts as recovered."""

KINDS = ("public/register", "public/login", "me", "me/profile")
LONGEST_WAIT = 60.0
OUTAGES = (OwnServer.pause, OwnServer.kill)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture
def deployments(redis: RedisServer, kafka: KafkaServer, tmp_path: Path) -> Iterator[list[Deployment]]:
    """Yield a service on PostgreSQL and one on MongoDB that share Redis and Kafka, both under load."""
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
            open_deployment(stack, service, f"http://127.0.0.1:{port}", store, topic)
            for service, port, store, topic in zip(served, ports, stores.items(), topics, strict=True)
        ]
        for store in stores:
            restore(store)


def test_requests_are_answered_during_every_outage_and_readiness_follows(
    deployments: list[Deployment], redis: RedisServer, kafka: KafkaServer, capsys: pytest.CaptureFixture[str]
) -> None:
    wait_for_requests(deployments)
    for begin in OUTAGES:
        begin(kafka)
        # Redis fails while the relays take seconds to notice the outage of Kafka.
        begin(redis)
        wait_for(deployments, lambda ready: ready.status == 200 and "cache" in ready.degraded)
        wait_for_requests(deployments)
        restore(redis)
        wait_for(deployments, lambda ready: ready == Ready(200, None, ("events",)))
        wait_for_requests(deployments)
        restore(kafka)
        wait_for(deployments, lambda ready: ready == READY)
    assert [deployment.answers.refused for deployment in deployments] == [{}, {}], (
        "requests were refused though the store was available"
    )
    # This broker loses messages that it acknowledged just before it was killed.
    before_kill = [len(deployment.answers.registered) for deployment in deployments]

    for begin in OUTAGES:
        for deployment in deployments:
            begin(deployment.store)
        wait_for(deployments, lambda ready: ready == Ready(503, "store_unreachable", ()))
        for deployment in deployments:
            wait_until(deployment.more_are_refused(10 * CALLERS), deployment.report)
            restore(deployment.store)
        wait_for(deployments, lambda ready: ready == READY)
        wait_for_requests(deployments)

    for deployment, first in zip(deployments, before_kill, strict=True):
        deployment.stop_clients()
        with open_ledger(deployment.store_url) as ledger:
            wait_until(lambda ledger=ledger: not ledger.pending(), deployment.report)
        delivered = {headers["ce_subject"] for headers in map(headers_of, all_messages(deployment.topic))}
        assert delivered >= set(deployment.answers.registered[first:])
        assert deployment.answers.failures == []
        assert "Traceback" not in deployment.service.output
        assert deployment.service.process.poll() is None
    with capsys.disabled():
        for deployment in deployments:
            done, refused = deployment.answers.done.total(), dict(deployment.answers.refused)
            summary = f"{done} requests done, {refused} refused, none in more than {deployment.answers.longest:.1f} s"
            sys.stdout.write(f"\n{deployment.store.title}: {summary}")
        sys.stdout.write("\n")


def wait_for_requests(deployments: list[Deployment]) -> None:
    """Wait until each service has answered enough requests of every kind, counted from now."""
    for deployment in deployments:
        before = Counter(deployment.answers.done)
        wait_until(
            lambda deployment=deployment, before=before: all(
                deployment.answers.done[kind] - before[kind] >= ENOUGH for kind in KINDS
            ),
            deployment.report,
        )


def restore(server: OwnServer) -> None:
    """Resume a paused server, or start a killed one."""
    if server.running:
        server.resume()
    else:
        server.start()


def wait_for(deployments: list[Deployment], condition: Callable[[Ready], bool]) -> None:
    """Wait until the readiness of each service meets the condition."""
    for deployment in deployments:
        wait_until(lambda deployment=deployment: condition(deployment.readiness()), deployment.report)


def wait_until(condition: Callable[[], bool], report: Callable[[], str]) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    while not condition():
        assert time.monotonic() < deadline, report()
        time.sleep(0.05)
