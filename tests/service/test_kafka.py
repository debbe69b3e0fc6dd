"""A service that publishes to Kafka while the broker hangs, stops and restarts."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.servers.kafka import KafkaServer, all_messages, headers_of
from tests.servers.processes import RunningCommand
from tests.service.account import Account

pytestmark = pytest.mark.long

REGISTERED = "hexaccount.user.registered.v1"
BOUND = 40.0
"""Seconds within which all events are on the topic after the broker returns; mostly it takes less than ten."""


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture
def topic(kafka: KafkaServer, request: pytest.FixtureRequest) -> str:
    if not kafka.running:
        kafka.start()
    return f"{kafka.url}/{request.node.name}"


@pytest.fixture
def running(topic: str, serving: Callable[..., Any]) -> Iterator[tuple[RunningCommand, str]]:
    """Yield a service of two workers on SQLite that publishes to this topic, and its URL."""
    settings = {"HEXACCOUNT_EVENTS": f'["{topic}"]', "HEXACCOUNT_LIMITS__ENABLED": "false"}
    with serving("--workers", "2", **settings) as (command, url):
        yield command, url


def register_all(url: str, prefix: str, number: int) -> list[str]:
    """Register accounts and log each in, each within three seconds, and return their ids."""
    found = []
    for count in range(number):
        began = time.monotonic()
        account = Account(url, f"{prefix}{count}")
        answer = account.register()
        assert answer.status_code == 201, answer.text
        account.log_in()
        assert time.monotonic() - began < 3
        found.append(answer.json()["data"]["id"])
    return found


def wait_for(topic: str, ids: list[str]) -> dict[str, list[str]]:
    """Wait until each of these accounts is on the topic, and return the types of its events in first-seen order."""
    deadline = time.monotonic() + BOUND
    while True:
        published: dict[str, list[str]] = {}
        for headers in map(headers_of, all_messages(topic)):
            if headers["ce_aggregate"] == "user" and headers["ce_id"] not in published.get(headers["ce_subject"], []):
                published.setdefault(headers["ce_subject"], []).append(headers["ce_type"])
        if set(ids) <= published.keys():
            return {user: published[user] for user in ids}
        assert time.monotonic() < deadline, f"{len(published)} of {len(ids)} accounts are on the topic"
        time.sleep(0.2)


def test_requests_succeed_while_kafka_hangs_or_is_stopped_and_all_events_are_published_afterwards(
    running: tuple[RunningCommand, str], kafka: KafkaServer, topic: str
) -> None:
    command, url = running
    ids = register_all(url, "before", 3)
    wait_for(topic, ids)
    kafka.pause()
    ids += register_all(url, "hanging", 5)
    assert requests.get(f"{url}/ready", timeout=5).status_code == 200
    kafka.resume()
    kafka.stop()
    ids += register_all(url, "stopped", 5)
    assert requests.get(f"{url}/ready", timeout=5).status_code == 200
    time.sleep(2)  # more than one attempt of the relays
    kafka.start()
    restarted = time.monotonic()
    published = wait_for(topic, ids)
    assert {types[0] for types in published.values()} == {REGISTERED}
    assert time.monotonic() - restarted < BOUND
    assert f"the relay of {topic} waits: " in command.output
    assert "Traceback" not in command.output


def test_a_service_stops_while_kafka_is_stopped_and_publishes_all_events_after_its_next_start(
    topic: str, kafka: KafkaServer, serving: Callable[..., Any]
) -> None:
    settings = {"HEXACCOUNT_EVENTS": f'["{topic}"]', "HEXACCOUNT_LIMITS__ENABLED": "false"}
    with serving(**settings) as (command, url):
        kafka.stop()
        ids = register_all(url, "late", 3)
        began = time.monotonic()
        assert command.terminate() == 0
        assert time.monotonic() - began < 14
    kafka.start()
    with serving(**settings):
        wait_for(topic, ids)
