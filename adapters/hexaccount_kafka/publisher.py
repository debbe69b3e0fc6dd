import threading
from collections.abc import Sequence

from confluent_kafka import KafkaException

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventPublisher, ReceiverUnavailable
from hexaccount_kafka.failures import describe
from hexaccount_kafka.producer import DELIVERY_TIMEOUT, EventProducer
from hexaccount_kafka.security import KafkaSecurity
from hexaccount_kafka.topic import KafkaTopic

_PROPERTIES = {
    "client.id": "hexaccount",
    "acks": "all",
    # The producer's own retries create no duplicates and keep the order.
    "enable.idempotence": True,
    "max.in.flight.requests.per.connection": 5,
    # If brokers reject a message for good, the producer ends and lets no later message of the partition pass.
    "enable.gapless.guarantee": True,
    # What is acknowledged leaves the producer's queue; a call in Python for each message would only count it.
    "delivery.report.only.error": True,
    # Later than our own timeout, which discards all messages at once: after a single timeout the next could pass.
    "delivery.timeout.ms": int(2 * DELIVERY_TIMEOUT * 1000),
    # Java's producers choose partitions like this, so a key has one partition whichever client writes it.
    "partitioner": "murmur2_random",
    # A call produces all its events within a millisecond or two, and waits for the last one.
    "linger.ms": 2,
    # The loss and the return of a broker are noticed well within the timeout of one call.
    "socket.connection.setup.timeout.ms": 3000,
    "reconnect.backoff.max.ms": 1000,
    "topic.metadata.propagation.max.ms": 5000,
}


class KafkaPublisher(EventPublisher):
    """Publishes to a Kafka topic; the producer is opened at first use, and anew after every failure.

    `publish` raises ReceiverUnavailable within about ten seconds if brokers are unreachable or refuse all events, and
    EventRejected for events that the topic does not accept.
    """

    def __init__(self, topic: KafkaTopic, security: KafkaSecurity | None = None) -> None:
        self._topic = topic.name
        security = security or KafkaSecurity()
        self._properties = {**_PROPERTIES, "bootstrap.servers": topic.brokers, **security.properties()}
        self._lock = threading.Lock()
        self._producer: EventProducer | None = None

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        with self._lock:
            producer = self._take_producer()
            try:
                producer.deliver(entries, self._topic)
            except BaseException:
                producer.close()
                raise
            self._producer = producer

    def check(self) -> None:
        producer = self._open()
        try:
            producer.check(self._topic)
        finally:
            producer.close()

    def close(self) -> None:
        """End the producer, which has no message in flight."""
        with self._lock:
            if self._producer is not None:
                self._producer.close()
                self._producer = None

    def _take_producer(self) -> EventProducer:
        producer, self._producer = self._producer, None
        if producer is not None and not producer.is_healthy():
            producer.close()
            producer = None
        return producer or self._open()

    def _open(self) -> EventProducer:
        try:
            return EventProducer(self._properties)
        except KafkaException as raised:
            raise ReceiverUnavailable(f"a producer for Kafka cannot be created: {describe(raised.args[0])}") from None
