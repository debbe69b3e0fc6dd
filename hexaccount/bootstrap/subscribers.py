from collections.abc import Sequence

from hexaccount.bootstrap.handlers import handling_subscribers
from hexaccount.bootstrap.settings import Settings
from hexaccount.events.subscribers import PublishingSubscriber, Subscriber
from hexaccount.kernel.clock import Clock
from hexaccount.sessions.cache_invalidator import CacheInvalidator
from hexaccount.sessions.ports import SessionCache
from hexaccount.store_kit.store import Store


def all_subscribers(
    settings: Settings,
    store: Store,
    clock: Clock,
    publishers: Sequence[PublishingSubscriber],
    session_cache: SessionCache,
) -> list[Subscriber]:
    """Return everybody to whom a service owes events: its own handlers, its publishers, and its cache if it has one."""
    subscribers: list[Subscriber] = handling_subscribers(unit_of_work=store.unit_of_work, clock=clock)
    subscribers += publishers
    if settings.cache is not None:
        subscribers.append(CacheInvalidator(session_cache))
    return subscribers
