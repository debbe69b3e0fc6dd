from collections.abc import Callable, Iterator

import pytest

from hexaccount_kafka import KafkaPublisher, KafkaTopic
from tests.servers.kafka import KafkaServer, temporary_topic


@pytest.fixture
def open_publisher() -> Iterator[Callable[[str], KafkaPublisher]]:
    """Return what opens a publisher to the topic of a URL, to be closed after the test."""
    opened: list[KafkaPublisher] = []

    def open_it(url: str) -> KafkaPublisher:
        opened.append(KafkaPublisher(KafkaTopic.of(url)))
        return opened[-1]

    yield open_it
    for publisher in opened:
        publisher.close()


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """Give a broker that the tests of a module may kill and pause."""
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture
def frail(own_kafka: KafkaServer) -> Iterator[KafkaServer]:
    """Give a broker that runs before the test and after it, whatever happens in between."""
    if not own_kafka.running:
        own_kafka.start()
    yield own_kafka
    if own_kafka.running:
        own_kafka.resume()


@pytest.fixture
def frail_topic(frail: KafkaServer) -> Iterator[str]:
    """Give the URL of a topic on that broker."""
    with temporary_topic(frail.url) as url:
        yield url
        if not frail.running:
            frail.start()
        frail.resume()
