"""The example of a consumer: each event has its effect once, even if the consumer is killed."""

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
from tests.people import registration
from tests.servers.kafka import KafkaServer, all_messages, brokers_of, headers_of, temporary_topic, topic_of
from tests.servers.processes import RunningCommand, without_coverage
from tests.signing_key import SIGNING_KEY

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
        [sys.executable, "-W", "error", SCRIPT, *options], output=folder / "output", env=without_coverage(), cwd=folder
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


def register_all(topic: str, prefix: str, number: int) -> list[str]:
    """Register accounts in a service that publishes to a topic, and return their e-mail addresses."""
    settings = Settings(
        store="memory://",
        events=[topic],
        jwt=JwtSettings(key=SIGNING_KEY),
        password=PasswordSettings(cost=4),
        limits=LimitSettings(enabled=False),
    )
    with open_service(settings) as service:
        service.subscribe()
        for count in range(number):
            service.bus.handle(registration(f"{prefix}{count}"))
        service.deliver_all()
    return [f"{prefix}{count}@example.org" for count in range(number)]


def publish_again(topic: str) -> None:
    """Publish all messages of a topic again."""
    producer = Producer({"bootstrap.servers": brokers_of(topic), "log_level": 0})
    for message in all_messages(topic):
        producer.produce(topic_of(topic), message.value(), message.key(), headers=message.headers())
    assert producer.flush(10) == 0


def committed(topic: str) -> int:
    """Return the number of messages whose offsets the group has committed."""
    return sum(offsets(topic).values())


def handled_uncommitted(topic: str, folder: Path) -> int:
    """Return the number of events that the consumer has handled without committing their offsets."""
    with closing(sqlite3.connect(f"file:{folder}/welcome.db?mode=rw", uri=True)) as database:
        inbox = {event_id for (event_id,) in database.execute("SELECT event_id FROM inbox")}
    next_offsets = offsets(topic)
    return sum(
        message.offset() >= next_offsets[message.partition()] and headers_of(message)["ce_id"] in inbox
        for message in all_messages(topic)
    )


def offsets(topic: str) -> dict[int, int]:
    """Return the committed offset of each partition: that of the next message."""
    consumer = Consumer({"bootstrap.servers": brokers_of(topic), "group.id": "welcome", "log_level": 0})
    with closing(consumer):
        positions = consumer.committed([TopicPartition(topic_of(topic), number) for number in range(4)], timeout=10)
    return {position.partition: max(0, position.offset) for position in positions}


def test_each_registered_user_gets_one_letter_also_when_events_are_delivered_twice(topic: str, tmp_path: Path) -> None:
    addresses = register_all(topic, "ada", 5)
    with consuming(topic, tmp_path) as command:
        wait_until(lambda: committed(topic) == len(all_messages(topic)), "the consumer does not commit all offsets")
        assert sorted(recipients(tmp_path)) == addresses
        publish_again(topic)
        addresses += register_all(topic, "eve", 1)
        wait_until(lambda: committed(topic) == len(all_messages(topic)), "the consumer does not commit all offsets")
        assert command.terminate() == 0
    assert sorted(recipients(tmp_path)) == addresses
    assert (tmp_path / "output").read_text() == ""


def test_a_consumer_killed_before_it_commits_an_offset_has_no_effect_twice(
    kafka: KafkaServer, topic: str, tmp_path: Path
) -> None:
    addresses = register_all(topic, "ada", 300)
    for letters in (20, 150):
        with consuming(topic, tmp_path) as command:
            wait_until(partial(has_letters, tmp_path, letters), "the consumer writes no letters")
            command.kill()
        assert handled_uncommitted(topic, tmp_path) > 0, "the consumer was not killed between the effect and the commit"
        kafka.restart()  # this broker would wait forever for the killed member of the group
    with consuming(topic, tmp_path) as command:
        wait_until(lambda: committed(topic) == len(all_messages(topic)), "the consumer does not commit all offsets")
        assert command.terminate() == 0
    assert sorted(recipients(tmp_path)) == sorted(addresses)
