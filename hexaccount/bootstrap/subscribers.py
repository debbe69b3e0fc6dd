from collections.abc import Sequence

from hexaccount.application.cache_eviction import CacheEviction
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.session_cache import SessionCache
from hexaccount.application.ports.store import Store
from hexaccount.application.subscribers import PublishingSubscriber, Subscriber
from hexaccount.bootstrap.handlers import handling_subscribers
from hexaccount.bootstrap.settings import Settings


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
        subscribers.append(CacheEviction(session_cache))
    return subscribers
