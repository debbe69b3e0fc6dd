"""Brokers that hang, die and come back: no event is lost, and no first delivery overtakes an earlier one."""

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Timer
from uuid import UUID

import pytest

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_kafka import KafkaPublisher, producer
from tests.adapters.sample_events import an_event, interleaved
from tests.servers.kafka import KafkaServer, all_messages, headers_of
from tests.servers.ports import free_port

Opener = Callable[[str], KafkaPublisher]
ADA = UUID(int=1)


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reduce the delivery timeout to two seconds; a producer needs half a second to start."""
    monkeypatch.setattr(producer, "DELIVERY_TIMEOUT", 2.0)


def first_deliveries(url: str) -> dict[str, list[int]]:
    """Return the sequences of each user in the order of their first delivery."""
    sequences: dict[str, list[int]] = {}
    for message in all_messages(url):
        headers = headers_of(message)
        of_user = sequences.setdefault(headers["ce_subject"], [])
        if int(headers["ce_sequence"]) not in of_user:
            of_user.append(int(headers["ce_sequence"]))
    return sequences


def publish_until_acknowledged(publisher: KafkaPublisher, entries: Sequence[JournalEntry]) -> int:
    """Retry as a relay does, and return the number of failures."""
    for failures in range(30):
        try:
            publisher.publish(entries)
        except ReceiverUnavailable:
            time.sleep(0.1)
        else:
            return failures
    raise AssertionError("the events were never acknowledged")


def test_a_hanging_broker_is_unavailable_within_the_timeout_and_later_all_arrive_in_order(
    open_publisher: Opener, flaky_kafka: KafkaServer, flaky_topic: str
) -> None:
    publisher = open_publisher(flaky_topic)
    publisher.publish(interleaved(5, 2))
    flaky_kafka.pause()
    began = time.monotonic()
    with pytest.raises(
        ReceiverUnavailable, match=r"did not acknowledge events on its topic hexaccount-test-\w+ within"
    ):
        publisher.publish(interleaved(5, 4, first=3))
    assert time.monotonic() - began < producer.DELIVERY_TIMEOUT + 2
    flaky_kafka.resume()
    # Messages sent while it hung may be on the topic, or arrive again.
    publish_until_acknowledged(publisher, interleaved(5, 4, first=3))
    publisher.publish(interleaved(5, 2, first=7))
    assert first_deliveries(flaky_topic) == {str(UUID(int=user)): list(range(1, 9)) for user in range(1, 6)}


def test_a_short_hang_of_a_broker_only_delays(
    open_publisher: Opener, flaky_kafka: KafkaServer, flaky_topic: str
) -> None:
    publisher = open_publisher(flaky_topic)
    publisher.publish([an_event(1, user=ADA)])
    flaky_kafka.pause()
    resume = Timer(1, flaky_kafka.resume)
    resume.start()
    publisher.publish([an_event(2, user=ADA)])
    resume.join()
    assert [headers_of(message)["ce_sequence"] for message in all_messages(flaky_topic)] == ["1", "2"]


@pytest.mark.usefixtures("short_timeout")
def test_a_broker_that_hangs_over_several_attempts_gets_all_in_order(
    open_publisher: Opener, flaky_kafka: KafkaServer, flaky_topic: str
) -> None:
    publisher = open_publisher(flaky_topic)
    publish_until_acknowledged(publisher, interleaved(3, 1))
    flaky_kafka.pause()
    for _ in range(3):
        with pytest.raises(ReceiverUnavailable):
            publisher.publish(interleaved(3, 5, first=2))
    flaky_kafka.resume()
    publish_until_acknowledged(publisher, interleaved(3, 5, first=2))
    assert first_deliveries(flaky_topic) == {str(UUID(int=user)): list(range(1, 7)) for user in range(1, 4)}


def test_without_any_broker_it_is_unavailable_at_once_with_the_reason(open_publisher: Opener) -> None:
    publisher = open_publisher(f"kafka://127.0.0.1:{free_port()},127.0.0.1:{free_port()}/events")
    began = time.monotonic()
    with pytest.raises(ReceiverUnavailable, match=r"^no broker of Kafka can be reached: .*Connection refused"):
        publisher.publish([an_event(user=ADA)])
    assert time.monotonic() - began < producer.DELIVERY_TIMEOUT / 2


def test_a_broker_that_died_between_two_calls_is_used_again_once_it_runs(
    open_publisher: Opener, flaky_kafka: KafkaServer, flaky_topic: str
) -> None:
    publisher = open_publisher(flaky_topic)
    publisher.publish([an_event(1, user=ADA)])
    flaky_kafka.stop()
    with pytest.raises(ReceiverUnavailable):
        publisher.publish([an_event(2, user=ADA)])
    flaky_kafka.start()
    publish_until_acknowledged(publisher, [an_event(2, user=ADA)])
    assert first_deliveries(flaky_topic) == {str(ADA): [1, 2]}


def test_a_restart_between_two_calls_is_no_failure(
    open_publisher: Opener, flaky_kafka: KafkaServer, flaky_topic: str
) -> None:
    publisher = open_publisher(flaky_topic)
    publisher.publish([an_event(1, user=ADA)])
    flaky_kafka.restart()
    publisher.publish([an_event(2, user=ADA)])
    assert first_deliveries(flaky_topic) == {str(ADA): [1, 2]}


def test_a_fatal_error_ends_the_producer_and_the_next_one_delivers(
    open_publisher: Opener,
    flaky_kafka: KafkaServer,
    flaky_topic: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As in a cluster where some brokers are always up: the loss of all would replace the producer before.
    monkeypatch.setattr(producer._BrokerState, "record", lambda self, error: None)
    publisher = open_publisher(flaky_topic)
    publisher.publish([an_event(1, user=ADA)])
    flaky_kafka.stop()
    shutil.copytree(flaky_kafka.data, tmp_path / "data")
    flaky_kafka.start()
    publisher.publish([an_event(2, user=ADA)])
    ended = publisher._producer
    # A broker that has lost what it acknowledged does not know the producer's last message.
    flaky_kafka.kill()
    shutil.rmtree(flaky_kafka.data)
    shutil.copytree(tmp_path / "data", flaky_kafka.data)
    flaky_kafka.start()
    with pytest.raises(ReceiverUnavailable, match="OUT_OF_ORDER_SEQUENCE_NUMBER"):
        publisher.publish([an_event(3, user=ADA), an_event(4, user=ADA)])
    publisher.publish([an_event(3, user=ADA), an_event(4, user=ADA)])
    assert publisher._producer not in {None, ended}
    publisher.publish([an_event(5, user=ADA)])
    assert first_deliveries(flaky_topic) == {str(ADA): [1, 3, 4, 5]}


def test_a_broker_that_restarts_gets_all_events_at_least_once_and_in_order(
    open_publisher: Opener, flaky_kafka: KafkaServer, flaky_topic: str
) -> None:
    publisher = open_publisher(flaky_topic)
    for round_ in range(3):
        publish_until_acknowledged(publisher, interleaved(20, 5, first=1 + 5 * round_))
        # A clean restart: after kill -9 this broker may have lost messages that it acknowledged.
        flaky_kafka.restart()
    assert first_deliveries(flaky_topic) == {str(UUID(int=user)): list(range(1, 16)) for user in range(1, 21)}


@pytest.mark.usefixtures("short_timeout")
def test_librdkafka_logs_at_debug_level_and_not_to_standard_error(
    open_publisher: Opener, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ReceiverUnavailable):
        open_publisher(f"kafka://127.0.0.1:{free_port()}/events").publish([an_event(user=ADA)])
    lines = [record for record in caplog.records if "Connection refused" in record.getMessage()]
    assert lines
    assert {(record.name, record.levelname) for record in lines} == {("hexaccount.kafka", "DEBUG")}
    assert "Connection refused" not in "".join(capfd.readouterr())
