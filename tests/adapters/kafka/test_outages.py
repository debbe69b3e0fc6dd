"""Brokers that hang, die and come back: nothing is lost, and no first delivery overtakes an earlier one."""

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
from hexaccount_kafka import KafkaPublisher
from hexaccount_kafka import link as links
from tests.adapters.kafka.events import crowd, event
from tests.servers.kafka import KafkaServer, all_messages, headers_of
from tests.servers.ports import free_port

Opener = Callable[[str], KafkaPublisher]
ADA = UUID(int=1)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have publishers wait for two seconds only; a producer needs half of one to begin."""
    monkeypatch.setattr(links, "PATIENCE", 2.0)


def first_deliveries(url: str) -> dict[str, list[int]]:
    """Return the sequences of each user in the order in which they came first."""
    found: dict[str, list[int]] = {}
    for message in all_messages(url):
        headers = headers_of(message)
        came = found.setdefault(headers["ce_subject"], [])
        if int(headers["ce_sequence"]) not in came:
            came.append(int(headers["ce_sequence"]))
    return found


def publish_until_it_is_taken(publisher: KafkaPublisher, entries: Sequence[JournalEntry]) -> int:
    """Do as a relay does, and return how often it was in vain."""
    for failures in range(30):
        try:
            publisher.publish(entries)
        except ReceiverUnavailable:
            time.sleep(0.1)
        else:
            return failures
    raise AssertionError("the events were never taken")


def test_while_a_broker_hangs_it_is_unavailable_within_a_bound_and_later_all_arrive_in_order(
    open_publisher: Opener, frail: KafkaServer, frail_topic: str
) -> None:
    publisher = open_publisher(frail_topic)
    publisher.publish(crowd(5, 2))
    frail.pause()
    began = time.monotonic()
    with pytest.raises(
        ReceiverUnavailable, match=r"did not acknowledge events on its topic hexaccount-test-\w+ within"
    ):
        publisher.publish(crowd(5, 4, first=3))
    assert time.monotonic() - began < links.PATIENCE + 2
    frail.resume()
    # What was sent while it hung may be on the topic, or come once more.
    publish_until_it_is_taken(publisher, crowd(5, 4, first=3))
    publisher.publish(crowd(5, 2, first=7))
    assert first_deliveries(frail_topic) == {str(UUID(int=user)): list(range(1, 9)) for user in range(1, 6)}


def test_a_broker_that_hangs_for_a_moment_is_waited_for(
    open_publisher: Opener, frail: KafkaServer, frail_topic: str
) -> None:
    publisher = open_publisher(frail_topic)
    publisher.publish([event(ADA, 1)])
    frail.pause()
    back = Timer(1, frail.resume)
    back.start()
    publisher.publish([event(ADA, 2)])
    back.join()
    assert [headers_of(message)["ce_sequence"] for message in all_messages(frail_topic)] == ["1", "2"]


@pytest.mark.usefixtures("hasty")
def test_a_broker_that_hangs_over_several_attempts_gets_all_in_order(
    open_publisher: Opener, frail: KafkaServer, frail_topic: str
) -> None:
    publisher = open_publisher(frail_topic)
    publish_until_it_is_taken(publisher, crowd(3, 1))
    frail.pause()
    for _ in range(3):
        with pytest.raises(ReceiverUnavailable):
            publisher.publish(crowd(3, 5, first=2))
    frail.resume()
    publish_until_it_is_taken(publisher, crowd(3, 5, first=2))
    assert first_deliveries(frail_topic) == {str(UUID(int=user)): list(range(1, 7)) for user in range(1, 4)}


def test_where_no_broker_is_it_is_unavailable_at_once_and_tells_why(open_publisher: Opener) -> None:
    publisher = open_publisher(f"kafka://127.0.0.1:{free_port()},127.0.0.1:{free_port()}/events")
    began = time.monotonic()
    with pytest.raises(ReceiverUnavailable, match=r"^no broker of Kafka can be reached: .*Connection refused"):
        publisher.publish([event(ADA)])
    assert time.monotonic() - began < links.PATIENCE / 2


def test_a_broker_that_died_while_nothing_was_published_is_used_again_when_it_is_back(
    open_publisher: Opener, frail: KafkaServer, frail_topic: str
) -> None:
    publisher = open_publisher(frail_topic)
    publisher.publish([event(ADA, 1)])
    frail.stop()
    with pytest.raises(ReceiverUnavailable):
        publisher.publish([event(ADA, 2)])
    frail.start()
    publish_until_it_is_taken(publisher, [event(ADA, 2)])
    assert first_deliveries(frail_topic) == {str(ADA): [1, 2]}


def test_a_broker_that_was_away_and_is_back_before_anything_is_published_is_not_called_away(
    open_publisher: Opener, frail: KafkaServer, frail_topic: str
) -> None:
    publisher = open_publisher(frail_topic)
    publisher.publish([event(ADA, 1)])
    frail.restart()
    publisher.publish([event(ADA, 2)])
    assert first_deliveries(frail_topic) == {str(ADA): [1, 2]}


def test_a_fatal_error_of_the_producer_ends_it_and_the_next_one_delivers(
    open_publisher: Opener,
    frail: KafkaServer,
    frail_topic: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As in a cluster, of which some brokers are always up: where all are down the producer is given up before.
    monkeypatch.setattr(links._Trouble, "note", lambda self, error: None)
    publisher = open_publisher(frail_topic)
    publisher.publish([event(ADA, 1)])
    frail.stop()
    shutil.copytree(frail.data, tmp_path / "data")
    frail.start()
    publisher.publish([event(ADA, 2)])
    ended = publisher._link
    # A broker that has lost what it acknowledged does not know the producer's last message.
    frail.kill()
    shutil.rmtree(frail.data)
    shutil.copytree(tmp_path / "data", frail.data)
    frail.start()
    with pytest.raises(ReceiverUnavailable, match="OUT_OF_ORDER_SEQUENCE_NUMBER"):
        publisher.publish([event(ADA, 3), event(ADA, 4)])
    publisher.publish([event(ADA, 3), event(ADA, 4)])
    assert publisher._link not in {None, ended}
    publisher.publish([event(ADA, 5)])
    assert first_deliveries(frail_topic) == {str(ADA): [1, 3, 4, 5]}


def test_a_broker_that_restarts_gets_everything_at_least_once_and_in_order(
    open_publisher: Opener, frail: KafkaServer, frail_topic: str
) -> None:
    publisher = open_publisher(frail_topic)
    for round_ in range(3):
        publish_until_it_is_taken(publisher, crowd(20, 5, first=1 + 5 * round_))
        # In good order, since what this broker acknowledged just before kill -9 it may have lost.
        frail.restart()
    assert first_deliveries(frail_topic) == {str(UUID(int=user)): list(range(1, 16)) for user in range(1, 21)}


@pytest.mark.usefixtures("hasty")
def test_the_driver_s_lines_are_ours_at_the_level_of_debugging_and_not_on_standard_error(
    open_publisher: Opener, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ReceiverUnavailable):
        open_publisher(f"kafka://127.0.0.1:{free_port()}/events").publish([event(ADA)])
    lines = [record for record in caplog.records if "Connection refused" in record.getMessage()]
    assert lines
    assert {(record.name, record.levelname) for record in lines} == {("hexaccount.kafka", "DEBUG")}
    assert "Connection refused" not in "".join(capfd.readouterr())
