"""An event as a Kafka message, in the binary mode of the CloudEvents binding.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from functools import cache

import msgspec

from hexaccount.events.cloud_event import attributes_of
from hexaccount.events.journal_entry import JournalEntry

_encode = msgspec.json.Encoder().encode


def headers_of(entry: JournalEntry) -> dict[str, str | bytes | None]:
    """Return the attributes as headers, with the prefix `ce_` for all but the content type."""
    return {_header(name): text for name, text in attributes_of(entry).items()}


@cache
def _header(attribute: str) -> str:
    return "content-type" if attribute == "datacontenttype" else f"ce_{attribute}"


def key_of(entry: JournalEntry) -> bytes:
    """Return the user's id, which keeps all events of an account on one partition, in order."""
    return str(entry.subject).encode()


def value_of(entry: JournalEntry) -> bytes:
    """Return the data as JSON in UTF-8."""
    return _encode(dict(entry.data))
