"""Why Kafka has not taken events, in words that name the remedy."""

from confluent_kafka import KafkaError

from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_kafka import codes

# Of these another event may well pass. All else lies with brokers, topic or settings, and so with every event alike.
_OF_THE_EVENT = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.POLICY_VIOLATION,
}
_NO_TLS = "set kafka.security_protocol to what the brokers speak at this port"
_CERTIFICATES = "check kafka.ssl_ca, and that the brokers' names are those of their certificates"
_REMEDIES = {
    KafkaError.MSG_SIZE_TOO_LARGE: "raise the topic's max.message.bytes",
    KafkaError.RECORD_LIST_TOO_LARGE: "raise the topic's segment.bytes",
    codes.UNKNOWN_TOPIC: "create the topic, or let brokers do so (auto.create.topics.enable)",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "create the topic, or let brokers do so (auto.create.topics.enable)",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "grant the user WRITE and DESCRIBE on the topic, CREATE if it is not there",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "grant the user IDEMPOTENT_WRITE on the cluster",
    codes.AUTHENTICATION: "correct kafka.sasl_username, kafka.sasl_password and kafka.sasl_mechanism",
    KafkaError.SASL_AUTHENTICATION_FAILED: "correct kafka.sasl_username, kafka.sasl_password and kafka.sasl_mechanism",
    KafkaError.UNSUPPORTED_SASL_MECHANISM: "set kafka.sasl_mechanism to one that the brokers have",
    codes.SSL: _CERTIFICATES,
    codes.RESOLVE: "correct the names of the brokers in the setting events",
}


# What OpenSSL and librdkafka say where the other side does not speak TLS, or closes the door on it.
_SIGNS_OF_NO_TLS = ("wrong version number", "SSL connection closed by peer", "packet length too long")


class EventRefused(Exception):
    """The topic does not take a message of such content or size; another event may pass."""


def told(error: KafkaError) -> str:
    """Return what an error says, and the remedy where one is known."""
    remedy = _remedy(error)
    return f"{error.name()}, {error.str()}" + (f"; {remedy}" if remedy else "")


def _remedy(error: KafkaError) -> str | None:
    if any(sign in error.str() for sign in _SIGNS_OF_NO_TLS):
        return _NO_TLS
    # Of a certificate it is said of the connection, when that is noticed before the failure of TLS.
    refused = _CERTIFICATES if "certificate verify failed" in error.str() else None
    return _REMEDIES.get(error.code(), refused)


def is_refusal(error: KafkaError) -> bool:
    """Tell whether an error stays until somebody does something; a name may be found again once its server is back."""
    passes = error.code() == codes.RESOLVE
    return not passes and _remedy(error) is not None


def refusal(error: KafkaError, topic: str) -> EventRefused | ReceiverUnavailable:
    """Return what to raise for an error that ends a publication on a topic."""
    if error.code() in _OF_THE_EVENT:
        return EventRefused(f"Kafka's topic {topic} does not take it: {told(error)}")
    return ReceiverUnavailable(f"Kafka did not take events for its topic {topic}: {told(error)}")
