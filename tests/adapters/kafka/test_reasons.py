"""Whose fault an error is, and what helps."""

import pytest
from confluent_kafka import KafkaError

from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_kafka import EventRefused
from hexaccount_kafka.reasons import refusal


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (KafkaError._UNKNOWN_TOPIC, "create the topic"),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, "create the topic"),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, "grant the user WRITE"),
        (KafkaError.CLUSTER_AUTHORIZATION_FAILED, "IDEMPOTENT_WRITE"),
        (KafkaError._AUTHENTICATION, r"correct kafka\.sasl_username"),
        (KafkaError._TRANSPORT, "_TRANSPORT"),
        (KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, "OUT_OF_ORDER"),
    ],
)
def test_what_all_events_meet_alike_lies_with_none_of_them(code: int, remedy: str) -> None:
    told = refusal(KafkaError(code), "events")
    assert isinstance(told, ReceiverUnavailable)
    assert "topic events: " in str(told)
    with pytest.raises(ReceiverUnavailable, match=remedy):
        raise told


@pytest.mark.parametrize(
    "code", [KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE, KafkaError.INVALID_RECORD]
)
def test_what_another_event_may_not_meet_is_told_of_the_event(code: int) -> None:
    told = refusal(KafkaError(code), "events")
    assert isinstance(told, EventRefused)
    assert str(told).startswith("Kafka's topic events does not take it: ")
