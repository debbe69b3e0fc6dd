from collections.abc import Iterable, Sequence

from hexaccount.bootstrap.injector import Injector
from hexaccount.bootstrap.settings import Settings
from hexaccount.events.subscribers import PublishingSubscriber, Subscriber, SubscriberNames
from hexaccount.kernel.capability import Capability
from hexaccount.personal_data.encryption import PersonalData
from hexaccount.personal_data.readable import ReadingSubscriber
from hexaccount.sessions.cache_invalidation import CacheInvalidator
from hexaccount.sessions.ports import NoSessionCache, SessionCache
from hexaccount.store_kit.store import Store


def all_subscribers(
    settings: Settings, injector: Injector, publishers: Sequence[PublishingSubscriber], session_cache: SessionCache
) -> list[Subscriber]:
    """Return the durable subscribers: the event handlers, the publishers, and the cache if there is one."""
    cached = [] if settings.cache is None else [CacheInvalidator(session_cache)]
    return [*injector.event_handlers(), *publishers, *cached]


def with_decryption(subscribers: Iterable[Subscriber], personal_data: PersonalData, store: Store) -> list[Subscriber]:
    """Return the subscribers, each with what decrypts its events."""
    return [ReadingSubscriber(subscriber, personal_data, store.unit_of_work) for subscriber in subscribers]


def known_subscribers(
    settings: Settings, capabilities: Sequence[Capability], publishers: Iterable[PublishingSubscriber]
) -> SubscriberNames:
    """Return the names of the durable subscribers, of which none has to be built."""
    handlers = [handler.name for capability in capabilities for handler in capability.event_handlers]
    cached = [] if settings.cache is None else [CacheInvalidator(NoSessionCache()).name]
    return SubscriberNames([*handlers, *(publisher.name for publisher in publishers), *cached])
