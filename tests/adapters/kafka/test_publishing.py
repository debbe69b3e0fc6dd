"""What is on the topic once `publish` has returned, or has not."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from confluent_kafka import Producer

from hexaccount.events.cloud_event import attributes_of
from hexaccount_kafka import EventRefused, KafkaPublisher
from tests.adapters.kafka.events import crowd, event
from tests.servers.kafka import all_messages, brokers_of, headers_of, temporary_topic, topic_of

Opener = Callable[[str], KafkaPublisher]
ADA = UUID("01a2042f-6ad2-7003-9b5b-25c9d4a7a06c")


def test_an_event_is_a_cloud_event_in_binary_mode(open_publisher: Opener, kafka_topic: str) -> None:
    told = event(ADA, 7, text="Prémière \N{SNOWMAN}")
    open_publisher(kafka_topic).publish([told])
    (message,) = all_messages(kafka_topic)
    attributes = attributes_of(told)
    assert attributes.pop("datacontenttype") == "application/json"
    assert headers_of(message) == {
        "content-type": "application/json",
        **{f"ce_{name}": text for name, text in attributes.items()},
    }
    assert {"ce_id", "ce_source", "ce_type", "ce_subject", "ce_specversion", "ce_time"} <= headers_of(message).keys()
    assert message.key() == b"01a2042f-6ad2-7003-9b5b-25c9d4a7a06c"
    assert json.loads(message.value() or b"") == told.data
    assert "Prémière \N{SNOWMAN}".encode() in (message.value() or b"")


def test_all_is_on_the_topic_when_it_returns_in_the_order_of_each_key(open_publisher: Opener, kafka_topic: str) -> None:
    publisher = open_publisher(kafka_topic)
    published = []
    for batch in (crowd(12, 25), crowd(12, 25, first=26)):
        publisher.publish(batch)
        published += batch
        assert len(all_messages(kafka_topic)) == len(published)
    found = [headers_of(message) for message in all_messages(kafka_topic)]
    for user in {entry.subject for entry in published}:
        ids = [str(entry.id) for entry in published if entry.subject == user]
        assert [headers["ce_id"] for headers in found if headers["ce_subject"] == str(user)] == ids
    assert len({message.partition() for message in all_messages(kafka_topic)}) > 1


def test_a_key_is_on_the_partition_where_java_s_producers_put_it(open_publisher: Opener, kafka_topic: str) -> None:
    events = [event(UUID(int=number)) for number in range(20)]
    open_publisher(kafka_topic).publish(events)
    places = {message.key(): message.partition() for message in all_messages(kafka_topic)}
    assert places == {key: (murmur2(key) & 0x7FFFFFFF) % 4 for key in places if key is not None}


def test_nothing_is_published_for_nothing(open_publisher: Opener, kafka_topic: str) -> None:
    open_publisher(kafka_topic).publish([])
    assert all_messages(kafka_topic) == []


def test_an_event_that_the_topic_does_not_take_is_refused_by_name_and_lets_no_later_one_pass(
    open_publisher: Opener, kafka_server: str
) -> None:
    with temporary_topic(kafka_server, max_message_bytes="2000") as url:
        publisher = open_publisher(url)
        publisher.publish([event(ADA, 1)])
        # More than one request to the broker, of which the first is refused.
        too_much = [event(ADA, 2, text="long " * 1000), *(event(ADA, number) for number in range(3, 20_000))]
        with pytest.raises(EventRefused, match=rf"topic {topic_of(url)} .*MSG_SIZE_TOO_LARGE.*max\.message\.bytes"):
            publisher.publish(too_much)
        assert [headers_of(message)["ce_sequence"] for message in all_messages(url)] == ["1"]
        publisher.publish([event(ADA, 3)])
        assert [headers_of(message)["ce_sequence"] for message in all_messages(url)] == ["1", "3"]


def test_an_event_that_no_broker_takes_is_refused_before_it_is_sent(open_publisher: Opener, kafka_topic: str) -> None:
    publisher = open_publisher(kafka_topic)
    with pytest.raises(EventRefused, match="MSG_SIZE_TOO_LARGE"):
        publisher.publish([event(ADA, 1, text="x" * 1_100_000)])
    publisher.publish([event(ADA, 1)])
    assert len(all_messages(kafka_topic)) == 1


def test_a_topic_that_is_not_there_is_made_by_brokers_that_may(open_publisher: Opener, kafka_topic: str) -> None:
    url = f"{kafka_topic}-to-come"
    open_publisher(url).publish([event(ADA)])
    assert len(all_messages(url)) == 1


def test_a_producer_is_opened_at_first_use_and_ends_with_its_publisher(
    open_publisher: Opener, kafka_topic: str
) -> None:
    before = threads()
    publisher = open_publisher(kafka_topic)
    assert threads() <= before, "a producer was opened before it was needed"
    publisher.publish([event(ADA)])
    its_own = threads() - before
    assert its_own
    publisher.close()
    assert not its_own & threads()


def test_what_another_producer_wrote_does_no_harm(open_publisher: Opener, kafka_topic: str) -> None:
    publisher = open_publisher(kafka_topic)
    publisher.publish([event(ADA, 1)])
    other = Producer({"bootstrap.servers": brokers_of(kafka_topic), "log_level": 0})
    other.produce(topic_of(kafka_topic), b"{}", str(ADA).encode())
    assert other.flush(10) == 0
    publisher.publish([event(ADA, 2)])
    assert len(all_messages(kafka_topic)) == 3


def threads() -> set[str]:
    """Return the threads of this process, those of librdkafka among them."""
    return {task.name for task in Path("/proc/self/task").iterdir()}


def murmur2(data: bytes) -> int:
    """Return the hash by which Java's producers choose a partition."""
    mask, prime = 0xFFFFFFFF, 0x5BD1E995
    found = 0x9747B28C ^ len(data)
    whole = len(data) - len(data) % 4
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * prime & mask
        word = (word ^ word >> 24) * prime & mask
        found = found * prime & mask ^ word
    if rest := data[whole:]:
        found = (found ^ int.from_bytes(rest, "little")) * prime & mask
    found = (found ^ found >> 13) * prime & mask
    return found ^ found >> 15
