from collections.abc import Iterable, Sequence

from hexaccount.bootstrap.injector import Injector
from hexaccount.bootstrap.settings import Settings
from hexaccount.events.subscribers import PublishingSubscriber, Subscriber, SubscriberNames
from hexaccount.kernel.capability import Capability, EventHandler, SideEffect
from hexaccount.mail.ports import Mailer
from hexaccount.personal_data.encryption import PersonalData
from hexaccount.personal_data.readable import ReadingSubscriber
from hexaccount.sessions.cache_invalidation import CacheInvalidator
from hexaccount.sessions.ports import NoSessionCache, SessionCache
from hexaccount.store_kit.store import Store


def declared_subscribers(settings: Settings, capabilities: Sequence[Capability]) -> list[EventHandler | SideEffect]:
    """Return the event handlers and side effects of capabilities, but for those that need a port without an adapter."""
    unmet = {Mailer} if settings.mail.url is None else set()
    declared: list[EventHandler | SideEffect] = []
    for capability in capabilities:
        declared += [*capability.event_handlers, *capability.side_effects]
    return [each for each in declared if each.needs not in unmet]


def all_subscribers(
    settings: Settings,
    capabilities: Sequence[Capability],
    injector: Injector,
    publishers: Sequence[PublishingSubscriber],
    session_cache: SessionCache,
) -> list[Subscriber]:
    """Return the durable subscribers: those that are declared, the publishers, and the cache if there is one."""
    declared = map(injector.subscriber, declared_subscribers(settings, capabilities))
    cached = [] if settings.cache is None else [CacheInvalidator(session_cache)]
    return [*declared, *publishers, *cached]


def with_decryption(subscribers: Iterable[Subscriber], personal_data: PersonalData, store: Store) -> list[Subscriber]:
    """Return the subscribers, each with what decrypts its events."""
    return [ReadingSubscriber(subscriber, personal_data, store.unit_of_work) for subscriber in subscribers]


def known_subscribers(
    settings: Settings, capabilities: Sequence[Capability], publishers: Iterable[PublishingSubscriber]
) -> SubscriberNames:
    """Return the names of the durable subscribers, of which none has to be built."""
    declared = [each.name for each in declared_subscribers(settings, capabilities)]
    cached = [] if settings.cache is None else [CacheInvalidator(NoSessionCache()).name]
    return SubscriberNames([*declared, *(publisher.name for publisher in publishers), *cached])
