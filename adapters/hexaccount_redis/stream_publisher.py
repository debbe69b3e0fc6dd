from collections.abc import Sequence

import msgspec
from redis.exceptions import RedisError
from redis.typing import EncodableT, FieldT

from hexaccount.events.cloud_event import attributes_of
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventPublisher, ReceiverRefused, ReceiverUnavailable
from hexaccount_redis.connections import open_redis
from hexaccount_redis.failures import describe, is_permanent
from hexaccount_redis.stream import RedisStream

_TIMEOUT = 5.0
_REMEDIES = {
    "NOPERM": "grant the user +multi +exec +xadd +type, and ~ with the key of the stream",
    "OOM": "raise maxmemory, or lower length",
    "READONLY": "name the primary, not a replica",
    "WRONGTYPE": "the key holds something else; name another stream",
    "MISCONF": "Redis cannot save; repair its disk",
}

_encode = msgspec.json.Encoder().encode


class RedisStreamPublisher(EventPublisher):
    """Appends events to a Redis stream, each batch atomically; an entry has the fields of a CloudEvent.

    Connections are opened at first use. What Redis rejects it would reject for any event, so `publish` raises only
    ReceiverUnavailable.
    """

    def __init__(self, stream: RedisStream) -> None:
        self._stream = stream
        self._redis = open_redis(stream.server, _TIMEOUT)

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        stream = self._stream
        try:
            with self._redis.pipeline(transaction=True) as batch:
                for entry in entries:
                    batch.xadd(stream.key, _fields_of(entry), maxlen=stream.length, approximate=True)
                batch.execute()
        except RedisError as error:
            raise self._failure("accepts no events", error) from None  # the driver's error may repeat what was sent

    def check(self) -> None:
        try:
            kind = self._redis.type(self._stream.key)
        except RedisError as error:
            raise self._failure("cannot be used", error) from None
        if kind not in {b"none", b"stream"}:
            raise ReceiverRefused(f"{self._stream.name} cannot be used: {_REMEDIES['WRONGTYPE']}")

    def close(self) -> None:
        """Close all connections."""
        self._redis.close()

    def _failure(self, consequence: str, error: RedisError) -> ReceiverUnavailable:
        reason = describe(error, setting="events", timeout=_TIMEOUT, remedies=_REMEDIES)
        kind = ReceiverRefused if is_permanent(error) else ReceiverUnavailable
        return kind(f"{self._stream.name} {consequence}: {reason}")


def _fields_of(entry: JournalEntry) -> dict[FieldT, EncodableT]:
    fields: dict[FieldT, EncodableT] = {"data": _encode(dict(entry.data))}
    fields.update(attributes_of(entry))
    return fields
