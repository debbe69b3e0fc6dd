import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import ReceiverRefused, ReceiverUnavailable
from hexaccount_kafka import codes
from hexaccount_kafka.message import headers_of, key_of, value_of
from hexaccount_kafka.reasons import is_refusal, refusal, told

PATIENCE = 10.0
"""Seconds that the brokers have to acknowledge what is published at once: less than a relay's lease."""

_CHECK = 6.0
_GLANCE = 0.1
_CONSEQUENCES = {
    codes.FATAL,
    codes.GAPLESS_GUARANTEE,
    codes.PURGE_QUEUE,
    codes.PURGE_INFLIGHT,
}
_log = logging.getLogger("hexaccount.kafka")


class KafkaLink:
    """A producer from its first use to its first failure; a new link takes its place then.

    It delivers on demand only: between two calls of `deliver` nothing is on its way.
    """

    def __init__(self, properties: Mapping[str, object]) -> None:
        """Start the threads of a producer; raises KafkaException for properties that cannot be."""
        # Neither of these may know the link: a producer ends with the last reference to it.
        self._trouble = _Trouble()
        self._producer = Producer({**properties, "error_cb": self._trouble.note}, logger=_DriverLog())

    def is_sound(self) -> bool:
        """Tell whether, as far as is known, nothing has happened since the last call that speaks for another link."""
        try:
            self._producer.poll(0)
        except KafkaException:
            return False
        return not self._trouble.all_down

    def check(self, topic: str) -> None:
        """Return within seconds if brokers show the topic; raises ReceiverUnavailable. No topic is made by that."""
        try:
            shown = self._producer.list_topics(timeout=_CHECK).topics
        except KafkaException as raised:
            with suppress(KafkaException):
                self._producer.poll(0)  # which tells of the trouble
            last = self._trouble.last or raised.args[0]
            kind = ReceiverRefused if is_refusal(last) else ReceiverUnavailable
            raise kind(f"no broker of Kafka can be reached: {told(last)}") from None
        if topic not in shown:
            raise ReceiverRefused(
                f"the brokers show no topic {topic}: make it, unless they do so by themselves for the first event; if "
                "it is there, grant the user DESCRIBE on it"
            )

    def deliver(self, entries: Sequence[JournalEntry], topic: str) -> None:
        """Return once all are acknowledged; raises EventRefused and ReceiverUnavailable, after which drop the link."""
        reports = _Reports(len(entries))
        try:
            for entry in entries:
                self._producer.produce(
                    topic, value_of(entry), key_of(entry), headers=headers_of(entry), on_delivery=reports.note
                )
            self._wait(reports, topic)
        except KafkaException as raised:
            reports.failures.append(raised.args[0])
        if reports.failures:
            reports.failures += self._clear_away()
            raise refusal(_telling(reports.failures), topic)

    def drop(self) -> None:
        """Forget all that is on its way, and end the threads of the producer."""
        self._clear_away()
        del self._producer

    def _wait(self, reports: "_Reports", topic: str) -> None:
        deadline = time.monotonic() + PATIENCE
        # Not flush: where a fatal error meets a report there, it is lost and a SystemError comes in its place.
        while reports.outstanding and not reports.failures:
            if self._trouble.all_down:
                raise ReceiverUnavailable(f"no broker of Kafka can be reached: {self._trouble.told}")
            if time.monotonic() > deadline:
                told_last = self._trouble.told or "nothing is known of the reason"
                raise ReceiverUnavailable(
                    f"Kafka did not acknowledge events on its topic {topic} within {PATIENCE:g} s: {told_last}"
                )
            self._producer.poll(_GLANCE)

    def _clear_away(self) -> list[KafkaError]:
        """Forget all that is on its way, and return the errors that come of it."""
        self._producer.purge()
        errors = []
        for _ in range(3):
            try:
                # Some reports may be about to come; none will for what a broker that hangs was sent.
                self._producer.poll(_GLANCE if len(self._producer) else 0)
            except KafkaException as raised:
                errors.append(raised.args[0])
        return errors


class _Reports:
    """What brokers say of the messages of one call."""

    def __init__(self, outstanding: int) -> None:
        self.outstanding = outstanding
        self.failures: list[KafkaError] = []

    def note(self, error: KafkaError | None, _message: Message) -> None:
        """Count an acknowledgement, or keep a failure."""
        self.outstanding -= 1
        if error is not None:
            self.failures.append(error)


def _telling(errors: Sequence[KafkaError]) -> KafkaError:
    """Return the first error that is not a mere consequence of another."""
    return next((error for error in errors if error.code() not in _CONSEQUENCES), errors[0])


class _Trouble:
    """What a producer has noticed of its brokers."""

    def __init__(self) -> None:
        self.last: KafkaError | None = None
        self.all_down = False

    @property
    def told(self) -> str:
        """What the last error says, nothing if there was none."""
        return told(self.last) if self.last else ""

    def note(self, error: KafkaError) -> None:
        """Keep the last error; that all brokers are down is said after the reason of the last."""
        if error.code() == codes.ALL_BROKERS_DOWN:
            self.all_down = True
            self.last = self.last or error
        else:
            self.last = error


class _DriverLog:
    """Takes librdkafka's lines, at the level of debugging: it repeats each failure many times, and we tell it once."""

    def log(self, _level: int, form: str, *arguments: object) -> None:
        """Log a line."""
        _log.debug(form, *arguments)
