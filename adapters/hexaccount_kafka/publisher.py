import threading
from collections.abc import Sequence

from confluent_kafka import KafkaException

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventPublisher, ReceiverUnavailable
from hexaccount_kafka.link import PATIENCE, KafkaLink
from hexaccount_kafka.reasons import told
from hexaccount_kafka.security import KafkaSecurity
from hexaccount_kafka.topic import KafkaTopic

_PROPERTIES = {
    "client.id": "hexaccount",
    "acks": "all",
    # A repetition by the producer is no second message, and overtakes nothing.
    "enable.idempotence": True,
    "max.in.flight.requests.per.connection": 5,
    # No later message of a partition passes one that brokers refuse for good: the producer ends instead.
    "enable.gapless.guarantee": True,
    # We give up before librdkafka does, and then all at once: one message that timed out could let the next one pass.
    "delivery.timeout.ms": int(2 * PATIENCE * 1000),
    # As Java's producer chooses a partition, so that one key is on one partition whoever writes it.
    "partitioner": "murmur2_random",
    # A call hands over all its events within a millisecond or two, and waits for the last one.
    "linger.ms": 2,
    # A broker that is away or back is noticed well within the patience of one call.
    "socket.connection.setup.timeout.ms": 3000,
    "reconnect.backoff.max.ms": 1000,
    "topic.metadata.propagation.max.ms": 5000,
}


class KafkaPublisher(EventPublisher):
    """Publishes to a topic of Kafka; the producer is opened at first use, and anew after every failure.

    `publish` raises ReceiverUnavailable within some ten seconds while brokers are away, or refuse all events alike, and
    EventRefused for events that the topic does not take.
    """

    def __init__(self, topic: KafkaTopic, security: KafkaSecurity | None = None) -> None:
        self._topic = topic.name
        security = security or KafkaSecurity()
        self._properties = {**_PROPERTIES, "bootstrap.servers": topic.brokers, **security.properties()}
        self._lock = threading.Lock()
        self._link: KafkaLink | None = None

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        with self._lock:
            link = self._take_link()
            try:
                link.deliver(entries, self._topic)
            except BaseException:
                link.drop()
                raise
            self._link = link

    def check(self) -> None:
        link = self._open()
        try:
            link.check(self._topic)
        finally:
            link.drop()

    def close(self) -> None:
        """End the producer, which has nothing on its way."""
        with self._lock:
            if self._link is not None:
                self._link.drop()
                self._link = None

    def _take_link(self) -> KafkaLink:
        link, self._link = self._link, None
        if link is not None and not link.is_sound():
            link.drop()
            link = None
        return link or self._open()

    def _open(self) -> KafkaLink:
        try:
            return KafkaLink(self._properties)
        except KafkaException as raised:
            raise ReceiverUnavailable(f"a producer for Kafka cannot be made: {told(raised.args[0])}") from None
