import contextlib
import importlib.util
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.servers.own_server import OwnServer
from tests.servers.processes import ServerNotReady

ENVIRONMENT_URL = "HEXACCOUNT_TEST_KAFKA_URL"
_QUIET = {"log_level": 0}
_PATIENCE = 10.0


class KafkaMissing(Exception):
    """No Kafka broker is installed that the tests can start."""

    def __init__(self) -> None:
        super().__init__(
            "no Kafka broker found: pip install 'hexaccount[test]' installs one (noida-db, on x86_64 Linux); or set "
            f"{ENVIRONMENT_URL} to a running one, such as kafka://localhost:9092"
        )


class KafkaServer(OwnServer):
    """A broker of the package noida-db, which loses the state of idempotent producers when its process ends."""

    title = "Kafka"
    environment: ClassVar[Mapping[str, str]] = {"PATH": os.defpath}

    @property
    def url(self) -> str:
        """The URL of the broker, without a topic."""
        return f"kafka://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str | Path]:
        """Return its command line."""
        return [
            find_broker(), "start", "--data-dir", self.data, "--only", "kafka", "--kafka-port", str(self.port)
        ]  # fmt: skip

    def answers(self) -> bool:
        """Return whether it answers."""
        return answers(self.url)


def find_broker() -> Path:
    """Return the program in the wheel; raises KafkaMissing.

    The console script of that name is a launcher that does not forward SIGTERM.
    """
    found = importlib.util.find_spec("noida_db")
    if found is None or found.origin is None:
        raise KafkaMissing
    broker = Path(found.origin).with_name("noida-db")
    if not os.access(broker, os.X_OK):
        broker.chmod(0o755)
    return broker


def brokers_of(url: str) -> str:
    """Return the `bootstrap.servers` of a URL, with or without a topic."""
    return url.removeprefix("kafka://").partition("/")[0]


def topic_of(url: str) -> str:
    """Return the topic of a URL."""
    return url.removeprefix("kafka://").partition("/")[2]


def answers(url: str) -> bool:
    """Return whether a broker answers."""
    try:
        AdminClient({**_QUIET, "bootstrap.servers": brokers_of(url)}).list_topics(timeout=1)
    except KafkaException:
        return False
    return True


@contextlib.contextmanager
def running_kafka(directory: Path) -> Iterator[str]:
    """Yield the URL in HEXACCOUNT_TEST_KAFKA_URL, else that of a broker started for the block."""
    if url := os.environ.get(ENVIRONMENT_URL):
        if not answers(url):
            raise ServerNotReady(f"the broker that {ENVIRONMENT_URL} names does not answer", url)
        yield url
    else:
        with KafkaServer(directory) as server:
            yield server.url


@contextlib.contextmanager
def temporary_topic(url: str, *, partitions: int = 4, **config: str) -> Iterator[str]:
    """Yield the URL of a topic that is deleted after the block; `config` has `_` where Kafka has dots."""
    admin = AdminClient({**_QUIET, "bootstrap.servers": brokers_of(url)})
    name = f"hexaccount-test-{uuid.uuid4().hex}"
    options = {setting.replace("_", "."): value for setting, value in config.items()}
    admin.create_topics([NewTopic(name, partitions, 1, config=options)])[name].result(_PATIENCE)
    try:
        yield f"{url}/{name}"
    finally:
        admin.delete_topics([name])[name].result(_PATIENCE)


def all_messages(url: str) -> list[Message]:
    """Return the messages that are on a topic now, ordered by partition and offset."""
    topic = topic_of(url)
    consumer = Consumer({**_QUIET, "bootstrap.servers": brokers_of(url), "group.id": f"hexaccount-{uuid.uuid4().hex}"})
    with contextlib.closing(consumer):
        partitions = consumer.list_topics(topic, timeout=_PATIENCE).topics[topic].partitions
        ends = {
            number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_PATIENCE)[1]
            for number in partitions
        }
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
        found: list[Message] = []
        while len(found) < sum(ends.values()):
            message = consumer.poll(_PATIENCE)
            assert message is not None, f"{len(found)} of {ends} arrived"
            assert message.error() is None, message.error()
            found.append(message)
    return sorted(found, key=lambda message: (message.partition() or 0, message.offset() or 0))


def headers_of(message: Message) -> Mapping[str, str]:
    """Return the headers of a message as text."""
    headers: Any = message.headers() or []
    return {name: value.decode() for name, value in headers}
