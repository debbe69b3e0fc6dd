import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import ReceiverRefused, ReceiverUnavailable
from hexaccount_kafka import codes
from hexaccount_kafka.failures import describe, is_permanent, publication_error
from hexaccount_kafka.message import headers_of, key_of, value_of

DELIVERY_TIMEOUT = 10.0
"""Seconds for the brokers to acknowledge a batch: less than a relay's lease."""

_CHECK_TIMEOUT = 6.0
_POLL_INTERVAL = 0.1
# Errors that librdkafka reports because of another one.
_CONSEQUENCES = {codes.FATAL, codes.GAPLESS_GUARANTEE, codes.PURGE_QUEUE, codes.PURGE_INFLIGHT}
_log = logging.getLogger("hexaccount.kafka")


class EventProducer:
    """A producer of librdkafka that is used until its first failure and then closed.

    Between two calls of `deliver` no message is in flight.
    """

    def __init__(self, properties: Mapping[str, object]) -> None:
        """Start the producer's threads; raises KafkaException for invalid properties."""
        # Neither callback may refer to this object: librdkafka's producer ends with the last reference to it.
        self._brokers = _BrokerState()
        self._producer = Producer({**properties, "error_cb": self._brokers.record}, logger=_DriverLog())

    def is_healthy(self) -> bool:
        """Return whether the producer reports neither a fatal error nor the loss of all brokers."""
        try:
            self._producer.poll(0)
        except KafkaException:
            return False
        return not self._brokers.all_down

    def check(self, topic: str) -> None:
        """Return within seconds if brokers list the topic, which this never creates; raises ReceiverUnavailable."""
        try:
            topics = self._producer.list_topics(timeout=_CHECK_TIMEOUT).topics
        except KafkaException as raised:
            with suppress(KafkaException):
                self._producer.poll(0)  # runs error_cb
            error = self._brokers.last_error or raised.args[0]
            kind = ReceiverRefused if is_permanent(error) else ReceiverUnavailable
            raise kind(f"no broker of Kafka can be reached: {describe(error)}") from None
        if topic not in topics:
            raise ReceiverRefused(
                f"the brokers list no topic {topic}: create it, unless they create topics themselves; if it exists, "
                "grant the user DESCRIBE on it"
            )

    def deliver(self, entries: Sequence[JournalEntry], topic: str) -> None:
        """Return once all are acknowledged; raises EventRejected and ReceiverUnavailable, then close the producer."""
        errors: list[KafkaError] = []

        def record(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                errors.append(error)

        try:
            for entry in entries:
                self._producer.produce(
                    topic, value_of(entry), key_of(entry), headers=headers_of(entry), on_delivery=record
                )
            self._wait(errors, topic)
        except KafkaException as raised:
            errors.append(raised.args[0])
        if errors:
            errors += self._purge()
            raise publication_error(_root_cause(errors), topic)

    def close(self) -> None:
        """Discard all messages in flight, and end the producer's threads."""
        self._purge()
        del self._producer

    def _wait(self, errors: Sequence[KafkaError], topic: str) -> None:
        deadline = time.monotonic() + DELIVERY_TIMEOUT
        # Not flush: if a fatal error and a report coincide, it raises a SystemError and loses both.
        while len(self._producer) and not errors:
            if self._brokers.all_down:
                raise ReceiverUnavailable(f"no broker of Kafka can be reached: {self._brokers.description}")
            if time.monotonic() > deadline:
                raise ReceiverUnavailable(
                    f"Kafka did not acknowledge events on its topic {topic} within {DELIVERY_TIMEOUT:g} s: "
                    f"{self._brokers.description}"
                )
            self._producer.poll(_POLL_INTERVAL)

    def _purge(self) -> list[KafkaError]:
        """Discard all messages in flight, and return the errors that this reports."""
        self._producer.purge()
        errors = []
        for _ in range(3):
            try:
                # Some reports may still arrive; a broker that hangs sends none.
                self._producer.poll(_POLL_INTERVAL if len(self._producer) else 0)
            except KafkaException as raised:
                errors.append(raised.args[0])
        return errors


def _root_cause(errors: Sequence[KafkaError]) -> KafkaError:
    return next((error for error in errors if error.code() not in _CONSEQUENCES), errors[0])


class _BrokerState:
    """The errors that a producer reports about its brokers."""

    def __init__(self) -> None:
        self.last_error: KafkaError | None = None
        self.all_down = False

    @property
    def description(self) -> str:
        return describe(self.last_error) if self.last_error else "the reason is unknown"

    def record(self, error: KafkaError) -> None:
        if error.code() != codes.ALL_BROKERS_DOWN:
            self.last_error = error
            return
        # librdkafka reports this after the reason for the last broker, which says more.
        self.all_down = True
        self.last_error = self.last_error or error


class _DriverLog:
    """Logs librdkafka's lines at debug level, as it repeats each failure many times."""

    def log(self, _level: int, form: str, *arguments: object) -> None:
        _log.debug(form, *arguments)
