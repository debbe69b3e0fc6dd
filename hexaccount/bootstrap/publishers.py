"""The kinds of publisher, by the scheme of a URL in the setting `events`."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from hexaccount.application.ports.event_publisher import EventPublisher
from hexaccount.bootstrap.drivers import check_driver
from hexaccount.bootstrap.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherKind:
    """What there is to know about the publishers of one scheme.

    `open` returns one, which connects at first use. `check_url` raises ValueError with the remedy, and without the URL,
    for one that `open` could not use. `preload` is imported before workers part.
    """

    open: Callable[[str, Settings], EventPublisher]
    check_url: Callable[[str], None]
    preload: tuple[str, ...] = ()


def _open_memory(_url: str, _settings: Settings) -> EventPublisher:
    from hexaccount_memory import MemoryPublisher  # noqa: PLC0415 - only who uses it imports it

    return MemoryPublisher()


def _check_memory_url(url: str) -> None:
    if urlsplit(url).query:
        raise ValueError("memory:// takes no parameters")


def _open_kafka(url: str, settings: Settings) -> EventPublisher:
    from hexaccount_kafka import KafkaPublisher, KafkaSecurity, KafkaTopic  # noqa: PLC0415 - only who uses it imports it

    kafka = settings.kafka
    security = KafkaSecurity(
        protocol=kafka.security_protocol,
        mechanism=kafka.sasl_mechanism,
        username=kafka.sasl_username,
        password=kafka.sasl_password,
        ca=kafka.ssl_ca,
        certificate=kafka.ssl_certificate,
        key=kafka.ssl_key,
        key_password=kafka.ssl_key_password,
    )
    return KafkaPublisher(KafkaTopic.of(url), security)


def _check_kafka_url(url: str) -> None:
    check_driver("kafka", "confluent_kafka", extra="kafka")
    from hexaccount_kafka import KafkaTopic  # noqa: PLC0415 - only who uses it imports it

    KafkaTopic.of(url)


PUBLISHERS = {
    "memory": PublisherKind(open=_open_memory, check_url=_check_memory_url, preload=("hexaccount_memory",)),
    "kafka": PublisherKind(open=_open_kafka, check_url=_check_kafka_url, preload=("hexaccount_kafka",)),
}


def publisher_kind(url: str) -> PublisherKind:
    """Return the kind of publisher that a URL chooses; raises SettingsError where there is none."""
    scheme = urlsplit(url).scheme
    kind = PUBLISHERS.get(scheme) if url.startswith(f"{scheme}://") else None
    if kind is None:
        known = ", ".join(f"{known}://" for known in PUBLISHERS)
        raise SettingsError(f"events: it must be a URL that begins with one of {known}")
    return kind


def open_publishers(settings: Settings) -> dict[str, EventPublisher]:
    """Return the publishers of the setting `events` by the names of their subscribers."""
    return {subscriber_name(url): publisher_kind(url).open(url, settings) for url in settings.events}


def preload_for_events(settings: Settings) -> tuple[str, ...]:
    """Return what the publishers of the setting `events` import."""
    return tuple(module for url in settings.events for module in publisher_kind(url).preload)


def subscriber_name(url: str) -> str:
    """Return by which name the store and the log know a publisher: its URL, but for user, password and parameters."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
