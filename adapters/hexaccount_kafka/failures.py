"""What an error of Kafka means, and what an operator does about it."""

from confluent_kafka import KafkaError

from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_kafka import codes

# Another event may pass. Every other error has its cause in brokers, topic or settings, and so concerns all events.
_CAUSED_BY_THE_EVENT = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.POLICY_VIOLATION,
}
_CERTIFICATES = "check kafka.ssl_ca, and that the brokers' names are those of their certificates"
_CREATE_TOPIC = "create the topic, or let brokers do so (auto.create.topics.enable)"
_CREDENTIALS = "correct kafka.sasl_username, kafka.sasl_password and kafka.sasl_mechanism"
_PROTOCOL = "set kafka.security_protocol to the protocol of the brokers at this port"
_REMEDIES = {
    KafkaError.MSG_SIZE_TOO_LARGE: "raise the topic's max.message.bytes",
    KafkaError.RECORD_LIST_TOO_LARGE: "raise the topic's segment.bytes",
    codes.UNKNOWN_TOPIC: _CREATE_TOPIC,
    KafkaError.UNKNOWN_TOPIC_OR_PART: _CREATE_TOPIC,
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "grant the user WRITE and DESCRIBE on the topic, CREATE if it is missing",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "grant the user IDEMPOTENT_WRITE on the cluster",
    codes.AUTHENTICATION: _CREDENTIALS,
    KafkaError.SASL_AUTHENTICATION_FAILED: _CREDENTIALS,
    KafkaError.UNSUPPORTED_SASL_MECHANISM: "set kafka.sasl_mechanism to one that the brokers support",
    codes.SSL: _CERTIFICATES,
    codes.RESOLVE: "correct the names of the brokers in the setting events",
}
# Texts of OpenSSL and librdkafka. The first three mean that the peer does not speak TLS or refuses it. librdkafka may
# report the last one as a failure of the connection, without the code of TLS.
_REMEDIES_BY_TEXT = {
    "wrong version number": _PROTOCOL,
    "SSL connection closed by peer": _PROTOCOL,
    "packet length too long": _PROTOCOL,
    "certificate verify failed": _CERTIFICATES,
}


class EventRejected(Exception):
    """The topic does not accept a message of such content or size; another event may pass."""


def describe(error: KafkaError) -> str:
    """Return code, text and, where one is known, remedy of an error."""
    remedy = _remedy(error)
    return f"{error.name()}, {error.str()}" + (f"; {remedy}" if remedy else "")


def is_permanent(error: KafkaError) -> bool:
    """Return whether an error lasts until an operator acts; an unresolved name may be an outage of the DNS server."""
    return error.code() != codes.RESOLVE and _remedy(error) is not None


def publication_error(error: KafkaError, topic: str) -> EventRejected | ReceiverUnavailable:
    """Return the exception for an error that ends a publication."""
    if error.code() in _CAUSED_BY_THE_EVENT:
        return EventRejected(f"Kafka's topic {topic} does not accept the event: {describe(error)}")
    return ReceiverUnavailable(f"Kafka did not accept events for its topic {topic}: {describe(error)}")


def _remedy(error: KafkaError) -> str | None:
    by_text = (remedy for text, remedy in _REMEDIES_BY_TEXT.items() if text in error.str())
    return next(by_text, None) or _REMEDIES.get(error.code())
