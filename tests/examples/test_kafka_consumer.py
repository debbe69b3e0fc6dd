"""The example of a consumer: each event has its effect once, wherever the consumer is killed."""

import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, PasswordSettings, Settings
from tests.application.people import registration
from tests.servers.kafka import KafkaServer, all_messages, brokers_of, headers_of, temporary_topic, topic_of
from tests.servers.processes import RunningCommand, unmeasured

pytestmark = pytest.mark.long

SCRIPT = Path(__file__).parents[2] / "examples" / "kafka_consumer" / "welcome.py"
PATIENCE = 40.0


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture
def topic(kafka: KafkaServer) -> Iterator[str]:
    with temporary_topic(kafka.url) as url:
        yield url


@contextmanager
def consuming(topic: str, folder: Path) -> Iterator[RunningCommand]:
    options = ["--brokers", brokers_of(topic), "--topic", topic_of(topic), "--database", "welcome.db"]
    with RunningCommand(
        [sys.executable, "-W", "error", SCRIPT, *options], output=folder / "output", env=unmeasured(), cwd=folder
    ) as command:
        yield command


def recipients(folder: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{folder}/welcome.db?mode=rw", uri=True)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'letters'").fetchall():
            return []
        return [name for (name,) in database.execute("SELECT recipient FROM letters")]


def has_letters(folder: Path, number: int) -> bool:
    return (folder / "welcome.db").exists() and len(recipients(folder)) >= number


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def registered(topic: str, prefix: str, number: int) -> list[str]:
    """Have accounts registered by a service that publishes to a topic, and return their addresses."""
    settings = Settings(
        store="memory://",
        events=[topic],
        jwt=JwtSettings(key="k" * 64),
        password=PasswordSettings(cost=4),
        limits=LimitSettings(enabled=False),
    )
    with open_service(settings) as service:
        service.subscribe()
        for count in range(number):
            service.bus.handle(registration(f"{prefix}{count}"))
        service.deliver_all()
    return [f"{prefix}{count}@example.org" for count in range(number)]


def repeat(topic: str) -> None:
    """Write all that is on a topic to it once more."""
    producer = Producer({"bootstrap.servers": brokers_of(topic), "log_level": 0})
    for message in all_messages(topic):
        producer.produce(topic_of(topic), message.value(), message.key(), headers=message.headers())
    assert producer.flush(10) == 0


def committed(topic: str) -> int:
    """Return how many messages the group has told Kafka to be done with."""
    return sum(offsets(topic).values())


def handled_untold(topic: str, folder: Path) -> int:
    """Return how many events the consumer has handled without having told Kafka."""
    with closing(sqlite3.connect(f"file:{folder}/welcome.db?mode=rw", uri=True)) as database:
        inbox = {event_id for (event_id,) in database.execute("SELECT event_id FROM inbox")}
    told = offsets(topic)
    return sum(
        message.offset() >= told[message.partition()] and headers_of(message)["ce_id"] in inbox
        for message in all_messages(topic)
    )


def offsets(topic: str) -> dict[int, int]:
    """Return the first offset of each partition that the group has not told Kafka to be done with."""
    consumer = Consumer({"bootstrap.servers": brokers_of(topic), "group.id": "welcome", "log_level": 0})
    with closing(consumer):
        places = consumer.committed([TopicPartition(topic_of(topic), number) for number in range(4)], timeout=10)
    return {place.partition: max(0, place.offset) for place in places}


def test_everybody_who_registers_gets_one_letter_also_when_events_come_twice(topic: str, tmp_path: Path) -> None:
    addresses = registered(topic, "ada", 5)
    with consuming(topic, tmp_path) as command:
        wait_until(lambda: committed(topic) == len(all_messages(topic)), "it does not get to the end")
        assert sorted(recipients(tmp_path)) == addresses
        repeat(topic)
        addresses += registered(topic, "eve", 1)
        wait_until(lambda: committed(topic) == len(all_messages(topic)), "it does not get to the end")
        assert command.terminate() == 0
    assert sorted(recipients(tmp_path)) == addresses
    assert (tmp_path / "output").read_text() == ""


def test_a_consumer_that_is_killed_before_kafka_knows_how_far_it_is_has_no_effect_twice(
    kafka: KafkaServer, topic: str, tmp_path: Path
) -> None:
    addresses = registered(topic, "ada", 300)
    for letters in (20, 150):
        with consuming(topic, tmp_path) as command:
            wait_until(partial(has_letters, tmp_path, letters), "it does not go on")
            command.kill()
        assert handled_untold(topic, tmp_path) > 0, "it was not killed in between"
        kafka.restart()  # else this broker would wait for ever for the member of the group that was killed
    with consuming(topic, tmp_path) as command:
        wait_until(lambda: committed(topic) == len(all_messages(topic)), "it does not get to the end")
        assert command.terminate() == 0
    assert sorted(recipients(tmp_path)) == sorted(addresses)
