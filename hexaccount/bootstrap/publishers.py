"""The kinds of publisher, by the scheme of a URL in the setting `events`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from urllib.parse import urlsplit

from hexaccount.bootstrap import plugins
from hexaccount.bootstrap.drivers import check_driver
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.webhooks import open_webhooks, webhook_policies
from hexaccount.events.ports import EventPublisher
from hexaccount.events.relay import RelayPolicy
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.kernel.clock import Clock

# A claim, a transmission and an acknowledgement cost about the same for many events as for a few.
_BATCH = 500
# Shorter than for the service's own subscribers, whose handlers keep the database busy.
_LINGER = timedelta(milliseconds=10)
# Brokers answer within milliseconds. What is held for longer keeps the server from clearing away what was deleted.
_HOLD = timedelta(seconds=2)
# The next batch is claimed while the receiver takes the last one, which drains a backlog 1.5 times as fast.
_PUBLISHER_THREADS = 2


def _without_secrets(url: str) -> str:
    """Return a URL without user, password and parameters."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherKind:
    """The publishers of one URL scheme.

    `open` returns one, which connects at first use. `check_url` raises ValueError, which says what to write and never
    repeats the URL. `name_of` returns the subscriber's name, which contains no secret and never changes. `preload`
    names the modules to import before the workers are forked.
    """

    open: Callable[[str, Settings], EventPublisher]
    check_url: Callable[[str], None]
    name_of: Callable[[str], str] = _without_secrets
    preload: tuple[str, ...] = ()


def _open_memory(_url: str, _settings: Settings) -> EventPublisher:
    from hexaccount_memory import MemoryPublisher

    return MemoryPublisher()


def _check_memory_url(url: str) -> None:
    if urlsplit(url).query:
        raise ValueError("memory:// takes no parameters")


def _open_kafka(url: str, settings: Settings) -> EventPublisher:
    from hexaccount_kafka import KafkaPublisher, KafkaSecurity, KafkaTopic

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
    from hexaccount_kafka import KafkaTopic

    KafkaTopic.of(url)


def _open_redis(url: str, _settings: Settings) -> EventPublisher:
    from hexaccount_redis import RedisStream, RedisStreamPublisher

    return RedisStreamPublisher(RedisStream.of(url))


def _check_redis_url(url: str) -> None:
    check_driver("redis://", "redis", extra="redis")
    from hexaccount_redis import RedisStream

    RedisStream.of(url)


def _redis_name(url: str) -> str:
    from hexaccount_redis import RedisStream

    return RedisStream.of(url).name


_REDIS = PublisherKind(open=_open_redis, check_url=_check_redis_url, name_of=_redis_name, preload=("hexaccount_redis",))
PUBLISHERS = {
    "memory": PublisherKind(open=_open_memory, check_url=_check_memory_url, preload=("hexaccount_memory",)),
    "kafka": PublisherKind(open=_open_kafka, check_url=_check_kafka_url, preload=("hexaccount_kafka",)),
    "redis": _REDIS,
    "rediss": _REDIS,
}


def publisher_kind(url: str) -> PublisherKind:
    """Return the kind of publisher for a URL; raises SettingsError if there is none, and PluginError."""
    scheme = urlsplit(url).scheme
    kind = (PUBLISHERS.get(scheme) or _installed_kind(scheme)) if url.startswith(f"{scheme}://") else None
    if kind is None:
        raise SettingsError(f"events: {plugins.known_schemes(PUBLISHERS, plugins.PUBLISHERS)}")
    return kind


@cache
def _installed_kind(scheme: str) -> PublisherKind | None:
    plugin = plugins.find_plugin(plugins.PUBLISHERS, scheme)
    if plugin is None:
        return None
    opener: Callable[[str], EventPublisher] = plugin.opener()

    def check_url(url: str) -> None:
        opener(url).close()

    return PublisherKind(open=lambda url, _: opener(url), check_url=check_url, preload=(plugin.module,))


def open_publishers(settings: Settings, clock: Clock) -> list[PublishingSubscriber]:
    """Return the subscribers of the settings `events` and `webhooks`."""
    named = [(subscriber_name(url), publisher_kind(url).open(url, settings)) for url in settings.events]
    return [PublishingSubscriber(name, publisher) for name, publisher in named] + open_webhooks(settings, clock)


def relay_policies(settings: Settings, usual: RelayPolicy) -> dict[str, RelayPolicy]:
    """Return the policies for the subscribers of the settings `events` and `webhooks`, by name."""
    batches = replace(usual, batch=_BATCH, linger=_LINGER, threads=_PUBLISHER_THREADS, hold=_HOLD)
    return {subscriber_name(url): batches for url in settings.events} | webhook_policies(settings)


def preload_for_events(settings: Settings) -> tuple[str, ...]:
    """Return the modules of the settings `events` and `webhooks` that workers share when imported before the fork."""
    modules = tuple(module for url in settings.events for module in publisher_kind(url).preload)
    return (*modules, "hexaccount_webhooks") if settings.webhooks else modules


def subscriber_name(url: str) -> str:
    """Return the name of the subscriber for a URL of the setting `events`: no user, password or parameters."""
    return publisher_kind(url).name_of(url)
