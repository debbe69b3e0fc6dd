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
from hexaccount.bootstrap.subscribers import with_decryption
from hexaccount.bootstrap.webhooks import patient_policy
from hexaccount.events.ports import EventPublisher
from hexaccount.events.relay import Relay, RelayPolicy
from hexaccount.events.subscribers import SideEffectSubscriber, Subscriber
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.metrics import Metrics
from hexaccount.observability.periodic_task import PeriodicTask
from hexaccount.observability.readiness import Readiness
from hexaccount.observability.store_metrics_collector import StoreMetricsCollector
from hexaccount.retention.apply_retention import ApplyRetention, apply_retention
from hexaccount.retention.retention_worker import RetentionWorker
from hexaccount.store_kit.store import Store
from hexaccount_system import observe_process

# Prometheus scrapes every 15 seconds or so.
_PROCESS_INTERVAL = timedelta(seconds=1)
_STORE_INTERVAL = timedelta(seconds=10)
_CACHE_INTERVAL = timedelta(seconds=10)


@dataclass(slots=True)
class Service:
    """All that one process of the service holds open."""

    settings: Settings
    container: Container
    store: Store
    subscribers: Sequence[Subscriber]
    relays: Sequence[Relay]
    retention_worker: RetentionWorker
    measured: bool
    _periodic_tasks: list[PeriodicTask] = field(default_factory=list)
    _threads: list[Thread] = field(default_factory=list)

    @property
    def bus(self) -> MessageBus:
        return self.container.bus()

    @property
    def artist(self) -> AvatarArtist:
        return self.container.artist()

    def published_keys(self) -> Sequence[Mapping[str, str]]:
        """Return the public keys that verify access tokens, as JWKs."""
        return self.container.ring().published(self.container.clock().now())

    @property
    def metrics(self) -> Metrics:
        return self.container.metrics()

    def metrics_text(self) -> bytes:
        """Return the metrics of all workers, in the text format of Prometheus."""
        return self.container.prometheus().exposition()

    @property
    def publishers(self) -> Mapping[str, EventPublisher]:
        """Return the publishers of the settings `events` and `webhooks` by the names of their subscribers."""
        return {subscriber.name: subscriber.publisher for subscriber in self.container.publishers()}

    def check(self) -> None:
        """Return if messages can be answered; raises StoreUnavailable, SchemaMismatch or SignerUnreadable."""
        self.check_stores()
        self.container.ring().check_signer(self.container.clock().now())

    def check_stores(self) -> None:
        """Return if the store, and that of the account keys, can serve; raises StoreUnavailable and SchemaMismatch."""
        self.store.check()
        if (separate_keys := self.container.separate_keys()) is not None:
            separate_keys.check()

    def readiness(self, draining: Callable[[], bool]) -> Readiness:
        """Return the readiness check of this process; `draining` tells whether it is shutting down."""
        return Readiness(
            clock=self.container.clock(),
            draining=draining,
            check_store=self.check_stores,
            check_signer=self.container.ring().check_signer,
            degraded=self.degraded,
        )

    def degraded(self) -> list[str]:
        """Return the parts that this process works without now; receivers count once a delivery has failed."""
        published = {subscriber_name(url) for url in self.settings.events}
        unavailable = {
            "cache": self.settings.cache_kind == "redis" and not self._reaches_cache(),
            "events": any(relay.receiver_unavailable for relay in self.relays if relay.subscriber in published),
        }
        return [part for part, is_unavailable in unavailable.items() if is_unavailable]

    def _reaches_cache(self) -> bool:
        client = self.container.redis_client()
        client.probe()
        return client.reachable

    def subscribe(self) -> None:
        """Subscribe every subscriber to its events, which any process may deliver."""
        for subscriber in self.subscribers:
            self.store.outbox.subscribe(subscriber.name, subscriber.event_types)

    def start_relays(self) -> None:
        """Deliver events, in a thread for each relay."""
        self.store.watch()
        for relay in self.relays:
            self._start(relay.run, "relay")

    def start_retention(self) -> None:
        """Remove expired records, in a thread."""
        self._start(self.retention_worker.run, "retention")

    def _start(self, run: Callable[[], None], name: str) -> None:
        thread = Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def start_collecting(self, check: Callable[[], None]) -> None:
        """Collect the metrics that have to be polled, each in a thread, if metrics are recorded.

        `check` raises if this process cannot serve.
        """
        if not self.measured:
            return
        prometheus, clock = self.container.prometheus(), self.container.clock()
        observe_process(prometheus)
        names = [subscriber.name for subscriber in self.subscribers]
        collector = StoreMetricsCollector(self.store.outbox, names, check=check, clock=clock, metrics=prometheus)
        self._periodic_tasks = [
            PeriodicTask(prometheus.run_callbacks, interval=_PROCESS_INTERVAL),
            PeriodicTask(collector.collect, interval=_STORE_INTERVAL),
        ]
        if self.settings.cache_kind == "redis":
            self._periodic_tasks.append(PeriodicTask(self.container.redis_client().probe, interval=_CACHE_INTERVAL))
        for task in self._periodic_tasks:
            task.start()

    def deliver_all(self) -> None:
        """Deliver the pending deliveries that are due, in this thread, until none is left."""
        while sum(relay.run_once() for relay in self.relays):
            pass

    def stop_relays(self) -> None:
        """Stop relays and retention after their current batches."""
        self.retention_worker.stop()
        for relay in self.relays:
            relay.stop()
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        """Finish the current work and release everything."""
        self.stop_relays()
        for task in self._periodic_tasks:
            task.stop()
        self.container.security_log().summarise()
        self.container.hashing_pool().close()
        for publisher in self.publishers.values():
            publisher.close()
        if self.settings.mail.url is not None:
            self.container.mailer().close()
        self.store.close()
        if (separate_keys := self.container.separate_keys()) is not None:
            separate_keys.close()
        if self.settings.cache_kind == "redis":
            self.container.redis_client().close()
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
    workers: int = 1,
    measured: bool = False,
    **overrides: object,
) -> Service:
    """Return a service as `settings` describe it; no connection is made before it is used.

    hashing_slots: the directory by which several processes share their hashing slots.
    workers: how many processes serve together.
    measured: whether metrics are recorded, unless the settings disable them.
    overrides: objects that replace providers of the container by name, such as `clock` or `traces`.
    """
    container = Container(
        settings=providers.Object(settings),
        hashing_slots=providers.Object(hashing_slots),
        workers=providers.Object(workers),
        **{name: providers.Object(part) for name, part in overrides.items()},
    )
    measured = measured and settings.metrics.enabled
    if measured:
        container.metrics.override(container.prometheus)
    store: Store = container.store()
    clock = container.clock()
    subscribers: list[Subscriber] = container.subscribers()
    default = RelayPolicy(attempts=settings.relay.attempts, lease=timedelta(seconds=settings.relay.lease))
    patient = patient_policy(settings)
    side_effects = {each.name: patient for each in subscribers if isinstance(each, SideEffectSubscriber)}
    policies = relay_policies(settings, default) | side_effects
    traces = container.traces()
    traced = subscribers if traces is None else [traces.subscriber(subscriber) for subscriber in subscribers]
    relays = [
        Relay(
            subscriber,
            outbox=store.outbox,
            commits=store.commits,
            clock=clock,
            policy=policies.get(subscriber.name, default),
            metrics=container.metrics(),
        )
        for subscriber in with_decryption(traced, container.personal_data(), store)
    ]
    # Not through the bus: a process that only delivers events has no signing key for the handlers of other messages.
    remove_some = partial(container.injector().bind(apply_retention), ApplyRetention(batches=1))
    return Service(settings, container, store, subscribers, relays, RetentionWorker(remove_some), measured)
