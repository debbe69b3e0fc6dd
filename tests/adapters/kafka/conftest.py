from collections.abc import Callable, Iterator

import pytest

from hexaccount_kafka import KafkaPublisher, KafkaTopic
from tests.servers.kafka import KafkaServer, temporary_topic


@pytest.fixture
def open_publisher() -> Iterator[Callable[[str], KafkaPublisher]]:
    """Return a function that opens a publisher to the topic of a URL and closes it after the test."""
    opened: list[KafkaPublisher] = []

    def open_it(url: str) -> KafkaPublisher:
        opened.append(KafkaPublisher(KafkaTopic.of(url)))
        return opened[-1]

    yield open_it
    for publisher in opened:
        publisher.close()


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A broker that the tests of a module may kill and pause."""
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture
def flaky_kafka(own_kafka: KafkaServer) -> Iterator[KafkaServer]:
    """A broker that runs again after the test, whatever the test does to it."""
    if not own_kafka.running:
        own_kafka.start()
    yield own_kafka
    if own_kafka.running:
        own_kafka.resume()


@pytest.fixture
def flaky_topic(flaky_kafka: KafkaServer) -> Iterator[str]:
    """The URL of a topic on that broker."""
    with temporary_topic(flaky_kafka.url) as url:
        yield url
        if not flaky_kafka.running:
            flaky_kafka.start()
        flaky_kafka.resume()
