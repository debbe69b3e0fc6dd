"""A running service: the bus, and the threads that deliver events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from dependency_injector import providers

from hexaccount.accounts.ports import AvatarArtist
from hexaccount.bootstrap.container import Container
from hexaccount.bootstrap.publishers import relay_policies, subscriber_name
from hexaccount.bootstrap.settings import Settings
from hexaccount.bootstrap.stores import kind_of
from hexaccount.events.ports import EventPublisher
from hexaccount.events.relay import Relay, RelayPolicy
from hexaccount.events.subscribers import Subscriber
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.metrics import Metrics
from hexaccount.observability.periodic_task import PeriodicTask
from hexaccount.observability.readiness import Readiness
from hexaccount.observability.store_metrics_collector import StoreMetricsCollector
from hexaccount.retention.apply_retention import ApplyRetention, apply_retention
from hexaccount.retention.retention_worker import RetentionWorker
from hexaccount.store_kit.store import Store
from hexaccount_system import tell_of_process

# Figures are collected every 15 seconds or so.
_LOOK_AT_ITSELF = timedelta(seconds=1)
_LOOK_AT_THE_STORE = timedelta(seconds=10)
_LOOK_AT_THE_CACHE = timedelta(seconds=10)


@dataclass(slots=True)
class Service:
    """Everything that one process of the service holds open."""

    settings: Settings
    container: Container
    store: Store
    subscribers: Sequence[Subscriber]
    relays: Sequence[Relay]
    retention_worker: RetentionWorker
    measured: bool
    _lookouts: list[PeriodicTask] = field(default_factory=list)
    _threads: list[Thread] = field(default_factory=list)
    _purging: Thread | None = None

    @property
    def bus(self) -> Bus:
        """Return the bus that every driving adapter speaks to."""
        return self.container.bus()

    @property
    def artist(self) -> AvatarArtist:
        """Return who draws the avatars."""
        return self.container.artist()

    def published_keys(self) -> Sequence[Mapping[str, str]]:
        """Return the public keys by which others may check access tokens, as JWKs."""
        return self.container.ring().published(self.container.clock().now())

    @property
    def metrics(self) -> Metrics:
        """Return who takes figures down."""
        return self.container.metrics()

    def figures(self) -> bytes:
        """Return the figures of all workers, in the text format of Prometheus."""
        return self.container.prometheus().told()

    @property
    def publishers(self) -> Mapping[str, EventPublisher]:
        """Return the publishers of the settings `events` and `webhooks` by the names of their subscribers."""
        return {subscriber.name: subscriber.publisher for subscriber in self.container.publishers()}

    def check(self) -> None:
        """Return if messages can be answered; raises StoreUnavailable, SchemaMismatch or SignerUnreadable."""
        self.store.check()
        self.container.ring().check_signer(self.container.clock().now())

    def readiness(self, draining: Callable[[], bool]) -> Readiness:
        """Return what looks whether this process can serve; `draining` tells whether it is about to end."""
        return Readiness(
            clock=self.container.clock(),
            draining=draining,
            check_store=self.store.check,
            check_signer=self.container.ring().check_signer,
            degraded=self.degraded,
        )

    def degraded(self) -> list[str]:
        """Return the parts that this process goes on without now; of receivers, as far as it has met them."""
        published = {subscriber_name(url) for url in self.settings.events}
        away = {
            "cache": self.settings.cache_kind == "redis" and not self._finds_cache(),
            "events": any(relay.receiver_away for relay in self.relays if relay.subscriber in published),
        }
        return [part for part, is_away in away.items() if is_away]

    def _finds_cache(self) -> bool:
        link = self.container.redis_link()
        link.look()
        return link.reachable

    def subscribe(self) -> None:
        """Make sure that every subscriber is owed its events from now on, whoever delivers them."""
        for subscriber in self.subscribers:
            self.store.outbox.subscribe(subscriber.name, subscriber.event_types)

    def start_relays(self) -> None:
        """Deliver events in threads of their own."""
        self.store.watch()
        self._threads = [Thread(target=relay.run, name="relay", daemon=True) for relay in self.relays]
        for thread in self._threads:
            thread.start()

    def join_relays(self) -> None:
        """Wait until the relays have been stopped and have finished what they held."""
        for thread in self._threads:
            thread.join()

    def start_purging(self) -> None:
        """Remove leftovers in a thread of its own."""
        self._purging = Thread(target=self.retention_worker.run, name="purger", daemon=True)
        self._purging.start()

    def start_looking(self, check: Callable[[], None]) -> None:
        """Take figures that nobody tells of by themselves, in threads of their own, if figures are wanted.

        `check` raises where this process cannot do its work.
        """
        if not self.measured:
            return
        prometheus, clock = self.container.prometheus(), self.container.clock()
        tell_of_process(prometheus)
        names = [subscriber.name for subscriber in self.subscribers]
        watch = StoreMetricsCollector(self.store.outbox, names, check=check, clock=clock, metrics=prometheus)
        self._lookouts = [
            PeriodicTask(prometheus.look, interval=_LOOK_AT_ITSELF),
            PeriodicTask(watch.look, interval=_LOOK_AT_THE_STORE),
        ]
        if self.settings.cache_kind == "redis":
            self._lookouts.append(PeriodicTask(self.container.redis_link().look, interval=_LOOK_AT_THE_CACHE))
        for lookout in self._lookouts:
            lookout.start()

    def deliver_all(self) -> None:
        """Deliver what is owed and due now, in this thread, until nothing is."""
        while sum(relay.run_once() for relay in self.relays):
            pass

    def stop_relays(self) -> None:
        """Let relays and purger finish what is in hand, and end them."""
        self.retention_worker.stop()
        for relay in self.relays:
            relay.stop()
        self.join_relays()
        if self._purging is not None:
            self._purging.join()

    def close(self) -> None:
        """Finish what is in hand and let go of everything."""
        self.stop_relays()
        for lookout in self._lookouts:
            lookout.stop()
        self.container.executor().shutdown()
        self.container.lane().close()
        for publisher in self.publishers.values():
            publisher.close()
        self.store.close()
        if self.settings.cache_kind == "redis":
            self.container.redis_link().close()
        if (traces := self.container.traces()) is not None:
            traces.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_service(
    settings: Settings,
    *,
    hashing_slots: Path | None = None,
    workers: int | None = None,
    measured: bool = False,
    **overrides: object,
) -> Service:
    """Return a service built as `settings` say; nothing is connected before it is used.

    `hashing_slots` is the directory by which several processes share their hashing slots. `workers` says how many serve
    together; one alone, without a cache, counts attempts by itself if its kind of store lets it. `measured` has figures
    taken, unless the settings want none. `overrides` replace providers of the container by name, such as `clock` or
    `traces`, with an object.
    """
    container = Container(
        settings=providers.Object(settings),
        hashing_slots=providers.Object(hashing_slots),
        workers=providers.Object(workers or 1),
        **{name: providers.Object(part) for name, part in overrides.items()},
    )
    if workers == 1 and kind_of(settings).counts_alone and settings.cache is None:
        container.rate_limits.override(container.local_allowances)
    measured = measured and settings.metrics.enabled
    if measured:
        container.metrics.override(container.prometheus)
    store: Store = container.store()
    clock = container.clock()
    subscribers: list[Subscriber] = container.subscribers()
    usual = RelayPolicy(attempts=settings.relay.attempts, lease=timedelta(seconds=settings.relay.lease))
    of_their_own = relay_policies(settings, usual)
    traces = container.traces()
    relays = [
        Relay(
            subscriber if traces is None else traces.subscriber(subscriber),
            outbox=store.outbox,
            commits=store.commits,
            clock=clock,
            policy=of_their_own.get(subscriber.name, usual),
            metrics=container.metrics(),
        )
        for subscriber in subscribers
    ]
    # Not by the bus, for whose other handlers a process that only delivers events has no signing key.
    purge_some = partial(
        apply_retention,
        ApplyRetention(batches=1),
        retention_store=store.retention_store,
        clock=clock,
        retention=container.retention(),
    )
    return Service(settings, container, store, subscribers, relays, RetentionWorker(purge_some), measured)
