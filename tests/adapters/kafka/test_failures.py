"""Which errors an event causes, and the remedy for each."""

import pytest
from confluent_kafka import KafkaError

from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_kafka import EventRejected
from hexaccount_kafka.failures import publication_error


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
def test_an_error_that_concerns_all_events_is_unavailability(code: int, remedy: str) -> None:
    error = publication_error(KafkaError(code), "events")
    assert isinstance(error, ReceiverUnavailable)
    assert "topic events: " in str(error)
    with pytest.raises(ReceiverUnavailable, match=remedy):
        raise error


@pytest.mark.parametrize(
    "code", [KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE, KafkaError.INVALID_RECORD]
)
def test_an_error_that_another_event_may_not_cause_is_a_rejection(code: int) -> None:
    error = publication_error(KafkaError(code), "events")
    assert isinstance(error, EventRejected)
    assert str(error).startswith("Kafka's topic events does not accept the event: ")
