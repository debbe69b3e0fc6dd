"""The messages on the topic after `publish` returns or raises."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from confluent_kafka import Producer

from hexaccount.events.cloud_event import attributes_of
from hexaccount_kafka import EventRejected, KafkaPublisher
from tests.adapters.sample_events import an_event, interleaved
from tests.servers.kafka import all_messages, brokers_of, headers_of, temporary_topic, topic_of

Opener = Callable[[str], KafkaPublisher]
ADA = UUID("01a2042f-6ad2-7003-9b5b-25c9d4a7a06c")


def test_an_event_is_a_cloud_event_in_binary_mode(open_publisher: Opener, kafka_topic: str) -> None:
    entry = an_event(7, text="Prémière \N{SNOWMAN}", user=ADA)
    open_publisher(kafka_topic).publish([entry])
    (message,) = all_messages(kafka_topic)
    attributes = attributes_of(entry)
    assert attributes.pop("datacontenttype") == "application/json"
    assert headers_of(message) == {
        "content-type": "application/json",
        **{f"ce_{name}": text for name, text in attributes.items()},
    }
    assert {"ce_id", "ce_source", "ce_type", "ce_subject", "ce_specversion", "ce_time"} <= headers_of(message).keys()
    assert message.key() == b"01a2042f-6ad2-7003-9b5b-25c9d4a7a06c"
    assert json.loads(message.value() or b"") == entry.data
    assert "Prémière \N{SNOWMAN}".encode() in (message.value() or b"")


def test_all_events_are_on_the_topic_in_the_order_of_each_key_when_it_returns(
    open_publisher: Opener, kafka_topic: str
) -> None:
    publisher = open_publisher(kafka_topic)
    published = []
    for batch in (interleaved(12, 25), interleaved(12, 25, first=26)):
        publisher.publish(batch)
        published += batch
        assert len(all_messages(kafka_topic)) == len(published)
    found = [headers_of(message) for message in all_messages(kafka_topic)]
    for user in {entry.subject for entry in published}:
        ids = [str(entry.id) for entry in published if entry.subject == user]
        assert [headers["ce_id"] for headers in found if headers["ce_subject"] == str(user)] == ids
    assert len({message.partition() for message in all_messages(kafka_topic)}) > 1


def test_partitions_are_those_of_java_producers(open_publisher: Opener, kafka_topic: str) -> None:
    events = [an_event(user=UUID(int=number)) for number in range(20)]
    open_publisher(kafka_topic).publish(events)
    partitions = {message.key(): message.partition() for message in all_messages(kafka_topic)}
    assert partitions == {key: (murmur2(key) & 0x7FFFFFFF) % 4 for key in partitions if key is not None}


def test_an_empty_batch_publishes_nothing(open_publisher: Opener, kafka_topic: str) -> None:
    open_publisher(kafka_topic).publish([])
    assert all_messages(kafka_topic) == []


def test_an_event_that_the_topic_rejects_lets_no_later_one_pass(open_publisher: Opener, kafka_server: str) -> None:
    with temporary_topic(kafka_server, max_message_bytes="2000") as url:
        publisher = open_publisher(url)
        publisher.publish([an_event(1, user=ADA)])
        # More than one request to the broker, and the first is rejected.
        later = (an_event(number, user=ADA) for number in range(3, 20_000))
        too_much = [an_event(2, text="long " * 1000, user=ADA), *later]
        with pytest.raises(EventRejected, match=rf"topic {topic_of(url)} .*MSG_SIZE_TOO_LARGE.*max\.message\.bytes"):
            publisher.publish(too_much)
        assert [headers_of(message)["ce_sequence"] for message in all_messages(url)] == ["1"]
        publisher.publish([an_event(3, user=ADA)])
        assert [headers_of(message)["ce_sequence"] for message in all_messages(url)] == ["1", "3"]


def test_an_event_too_large_for_any_broker_is_rejected_before_it_is_sent(
    open_publisher: Opener, kafka_topic: str
) -> None:
    publisher = open_publisher(kafka_topic)
    with pytest.raises(EventRejected, match="MSG_SIZE_TOO_LARGE"):
        publisher.publish([an_event(1, text="x" * 1_100_000, user=ADA)])
    publisher.publish([an_event(1, user=ADA)])
    assert len(all_messages(kafka_topic)) == 1


def test_brokers_that_create_topics_create_a_missing_one(open_publisher: Opener, kafka_topic: str) -> None:
    url = f"{kafka_topic}-missing"
    open_publisher(url).publish([an_event(user=ADA)])
    assert len(all_messages(url)) == 1


def test_a_producer_is_opened_at_first_use_and_ends_with_its_publisher(
    open_publisher: Opener, kafka_topic: str
) -> None:
    before = threads()
    publisher = open_publisher(kafka_topic)
    assert threads() <= before, "the producer was opened before its first use"
    publisher.publish([an_event(user=ADA)])
    added = threads() - before
    assert added
    publisher.close()
    assert not added & threads()


def test_messages_of_another_producer_do_no_harm(open_publisher: Opener, kafka_topic: str) -> None:
    publisher = open_publisher(kafka_topic)
    publisher.publish([an_event(1, user=ADA)])
    other = Producer({"bootstrap.servers": brokers_of(kafka_topic), "log_level": 0})
    other.produce(topic_of(kafka_topic), b"{}", str(ADA).encode())
    assert other.flush(10) == 0
    publisher.publish([an_event(2, user=ADA)])
    assert len(all_messages(kafka_topic)) == 3


def threads() -> set[str]:
    """Return the ids of this process's threads, including those of librdkafka."""
    return {task.name for task in Path("/proc/self/task").iterdir()}


def murmur2(data: bytes) -> int:
    """Return the hash that Java's producers choose a partition by."""
    mask, prime = 0xFFFFFFFF, 0x5BD1E995
    hash_ = 0x9747B28C ^ len(data)
    whole = len(data) - len(data) % 4
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * prime & mask
        word = (word ^ word >> 24) * prime & mask
        hash_ = hash_ * prime & mask ^ word
    if rest := data[whole:]:
        hash_ = (hash_ ^ int.from_bytes(rest, "little")) * prime & mask
    hash_ = (hash_ ^ hash_ >> 13) * prime & mask
    return hash_ ^ hash_ >> 15
