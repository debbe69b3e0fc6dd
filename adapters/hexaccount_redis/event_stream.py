import re
from collections.abc import Sequence
from ssl import SSLError

import msgspec
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as TooSlow
from redis.retry import Retry
from redis.typing import EncodableT, FieldT

from hexaccount.events.cloud_event import attributes_of
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventPublisher, ReceiverRefused, ReceiverUnavailable
from hexaccount_redis.reasons import has_no_database, is_away
from hexaccount_redis.stream_place import StreamPlace

_PATIENCE = 5.0
_REMEDIES = {
    "NOPERM": "grant the user +multi, +exec and +xadd on the key of the stream",
    "OOM": "raise maxmemory, or lower length",
    "READONLY": "name the primary, not a replica",
    "WRONGTYPE": "the key holds something else; name another stream",
    "MISCONF": "it cannot save; mend its disk",
}

_encode = msgspec.json.Encoder().encode


class RedisStreamPublisher(EventPublisher):
    """Appends events to a stream on Redis: a batch at once or not at all, each entry a CloudEvent field by field.

    Connections are opened at first use. Whatever Redis refuses, it would refuse for any event, and so `publish` raises
    nothing but ReceiverUnavailable.
    """

    def __init__(self, place: StreamPlace) -> None:
        self._place = place
        # One more attempt, on a new connection: after a restart of the server all that were open are dead.
        retry = Retry(NoBackoff(), 1, supported_errors=(NotConnected,))
        self._client = Redis.from_url(
            place.server,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
            retry=retry,
            client_name="hexaccount",
        )

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        place = self._place
        try:
            with self._client.pipeline(transaction=True) as batch:
                for entry in entries:
                    batch.xadd(place.stream, _fields_of(entry), maxlen=place.length, approximate=True)
                batch.execute()
        except RedisError as error:
            # Not the driver's words, nor its error as a cause: they may repeat what was sent.
            raise _kind_of(error)(f"{place.name} takes no events: {_reason(error)}") from None

    def check(self) -> None:
        place = self._place
        try:
            kind = self._client.type(place.stream)
        except RedisError as error:
            raise _kind_of(error)(f"{place.name} cannot be used: {_reason(error)}") from None
        if kind not in {b"none", b"stream"}:
            raise ReceiverRefused(f"{place.name} cannot be used: {_REMEDIES['WRONGTYPE']}")

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


def _fields_of(entry: JournalEntry) -> dict[FieldT, EncodableT]:
    fields: dict[FieldT, EncodableT] = {"data": _encode(dict(entry.data))}
    fields.update(attributes_of(entry))
    return fields


def _kind_of(error: RedisError) -> type[ReceiverUnavailable]:
    return ReceiverUnavailable if is_away(error) else ReceiverRefused


def _reason(error: RedisError) -> str:
    match error:
        case AuthenticationError():
            return "Redis refuses the user or the password; correct them in the setting events"
        case TooSlow():
            return f"Redis did not answer within {_PATIENCE:g} s"
        case NotConnected() if isinstance(error.__context__, SSLError):
            return "TLS failed; its certificate must be for this host, and one that we trust"
        case NotConnected():
            return "Redis cannot be reached"
        case _ if has_no_database(error):
            return "Redis has no database of this number; correct it in the setting events"
    code = error.status_code or _first_word(error)
    remedy = _REMEDIES.get(code)
    return f"Redis refuses them with {code}" + (f"; {remedy}" if remedy else "")


def _first_word(error: RedisError) -> str:
    """Return the code of an answer of the server, behind which it may say more than may be told."""
    found = re.match(r"[A-Z]+\b", str(error).rpartition("caused error: ")[2])
    return found[0] if found else type(error).__name__
