"""The kinds of publisher, by the scheme of a URL in the setting `events`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

from hexaccount.bootstrap.drivers import check_driver
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.webhooks import open_webhooks, webhook_policies
from hexaccount.events.ports import EventPublisher
from hexaccount.events.relay import RelayPolicy
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.kernel.clock import Clock

# A claim, a transmission and a settlement cost about the same for many as for a few.
_PUBLISHED_AT_ONCE = 500
# What is told outside is told soon: they linger for less than those whose handlers fill the database.
_LINGER = timedelta(milliseconds=10)
# While one batch is on its way to a receiver the next is claimed: a backlog is worked off half as quickly again.
_HANDS = 2


def _without_secrets(url: str) -> str:
    """Return a URL but for user, password and parameters."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherKind:
    """What there is to know about the publishers of one scheme.

    `open` returns one, which connects at first use. `check_url` raises ValueError with the remedy, and without the URL,
    for one that `open` could not use. `name_of` gives the name of the subscriber, which is no secret and never changes.
    `preload` is imported before workers part.
    """

    open: Callable[[str, Settings], EventPublisher]
    check_url: Callable[[str], None]
    name_of: Callable[[str], str] = _without_secrets
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
    check_driver("kafka://", "confluent_kafka", extra="kafka")
    from hexaccount_kafka import KafkaTopic  # noqa: PLC0415 - only who uses it imports it

    KafkaTopic.of(url)


def _open_redis(url: str, _settings: Settings) -> EventPublisher:
    from hexaccount_redis import RedisStreamPublisher, StreamPlace  # noqa: PLC0415 - only who uses it imports it

    return RedisStreamPublisher(StreamPlace.of(url))


def _check_redis_url(url: str) -> None:
    check_driver("redis://", "redis", extra="redis")
    from hexaccount_redis import StreamPlace  # noqa: PLC0415 - only who uses it imports it

    StreamPlace.of(url)


def _name_of_redis(url: str) -> str:
    from hexaccount_redis import StreamPlace  # noqa: PLC0415 - only who uses it imports it

    return StreamPlace.of(url).name


_REDIS = PublisherKind(
    open=_open_redis, check_url=_check_redis_url, name_of=_name_of_redis, preload=("hexaccount_redis",)
)
PUBLISHERS = {
    "memory": PublisherKind(open=_open_memory, check_url=_check_memory_url, preload=("hexaccount_memory",)),
    "kafka": PublisherKind(open=_open_kafka, check_url=_check_kafka_url, preload=("hexaccount_kafka",)),
    "redis": _REDIS,
    "rediss": _REDIS,
}


def publisher_kind(url: str) -> PublisherKind:
    """Return the kind of publisher that a URL chooses; raises SettingsError where there is none."""
    scheme = urlsplit(url).scheme
    kind = PUBLISHERS.get(scheme) if url.startswith(f"{scheme}://") else None
    if kind is None:
        known = ", ".join(f"{known}://" for known in PUBLISHERS)
        raise SettingsError(f"events: it must be a URL that begins with one of {known}")
    return kind


def open_publishers(settings: Settings, clock: Clock) -> list[PublishingSubscriber]:
    """Return to whom the settings `events` and `webhooks` have events published."""
    named = [(subscriber_name(url), publisher_kind(url).open(url, settings)) for url in settings.events]
    return [PublishingSubscriber(name, publisher) for name, publisher in named] + open_webhooks(settings, clock)


def relay_policies(settings: Settings, usual: RelayPolicy) -> dict[str, RelayPolicy]:
    """Return how patient relays are with the publishers of the settings `events` and `webhooks`, by subscriber."""
    in_batches = replace(usual, batch=_PUBLISHED_AT_ONCE, linger=_LINGER, hands=_HANDS)
    return {subscriber_name(url): in_batches for url in settings.events} | webhook_policies(settings)


def preload_for_events(settings: Settings) -> tuple[str, ...]:
    """Return what the publishers of the settings `events` and `webhooks` import."""
    modules = tuple(module for url in settings.events for module in publisher_kind(url).preload)
    return (*modules, "hexaccount_webhooks") if settings.webhooks else modules


def subscriber_name(url: str) -> str:
    """Return by which name the store and the log know a publisher: its URL, but for user, password and parameters."""
    return publisher_kind(url).name_of(url)
