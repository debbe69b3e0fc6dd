"""Brings every event to every durable subscriber, at least once and in order."""

import logging
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Thread
from time import perf_counter
from uuid import UUID

from hexaccount.events.metrics import RELAY_CLAIMS, RELAY_DELIVERIES, RELAY_SECONDS
from hexaccount.events.ports import Delivery, Outbox, ReceiverUnavailable
from hexaccount.events.subscribers import Subscriber
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.kernel.unit_of_work import StoreUnavailable

_log = logging.getLogger("hexaccount.relay")


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayPolicy:
    """How patient a relay is.

    `attempts` failures set a delivery aside; between two of them it waits twice as long each time, from `first_pause`
    up to `longest_pause`, or `longest_wait` while store or receiver are away, so that it notices soon when they are
    back. A claim holds for `lease`; `poll` bounds the wait where no signal of a commit arrives. Before a claim that
    will not fill a batch it lingers, so that under load one claim takes many. A backlog, which is more than a batch, is
    worked off by as many threads as it has `hands`: one delivers while another claims.
    """

    attempts: int = 10
    first_pause: timedelta = timedelta(seconds=1)
    longest_pause: timedelta = timedelta(minutes=5)
    longest_wait: timedelta = timedelta(seconds=10)
    lease: timedelta = timedelta(seconds=30)
    poll: timedelta = timedelta(milliseconds=500)
    linger: timedelta = timedelta(milliseconds=50)
    batch: int = 100
    hands: int = 1

    def pause_after(self, failures: int, *, away: bool = False) -> timedelta:
        """Return the pause after this many failures, a fifth of it left to chance so that retries spread."""
        longest = self.longest_wait if away else self.longest_pause
        doubled = self.first_pause * float(2 ** min(failures - 1, 30))
        return min(doubled, longest) * random.uniform(0.8, 1.0)  # noqa: S311 - jitter


class Relay:
    """Serves one subscriber; any number of relays, in any number of processes, may serve the same one.

    Leases keep them apart. A delivery that fails holds up the later events of its own aggregate, and nothing else,
    until it has succeeded or is set aside. `receiver_away` tells whether the last attempt met nobody.
    """

    def __init__(
        self,
        subscriber: Subscriber,
        *,
        outbox: Outbox,
        commits: CommitSignal,
        clock: Clock,
        policy: RelayPolicy,
        metrics: Metrics = NO_METRICS,
    ) -> None:
        self._subscriber = subscriber
        self._outbox = outbox
        self._commits = commits
        self._clock = clock
        self._policy = policy
        self._metrics = metrics
        self._stopping = threading.Event()
        self.receiver_away = False
        metrics.declare(RELAY_CLAIMS, subscriber.name)
        for outcome in ("delivered", "failed", "set_aside", "put_off"):
            metrics.declare(RELAY_DELIVERIES, subscriber.name, outcome)

    def run(self) -> None:
        """Deliver until `stop` is called; a store or receiver that is away for a while is waited for."""
        failures = 0
        while not self._stopping.is_set():
            seen = self._commits.count
            try:
                found = self.run_once()
                if found == self._policy.batch:
                    self._work_off()
                failures, self.receiver_away = 0, False
            except Exception as error:  # noqa: BLE001 - whatever goes wrong, the relay must go on
                failures, self.receiver_away = failures + 1, isinstance(error, ReceiverUnavailable)
                self._tell(error)
                away = isinstance(error, StoreUnavailable | ReceiverUnavailable)
                self._stopping.wait(self._policy.pause_after(failures, away=away).total_seconds())
                continue
            if not found and not self._stopping.is_set():
                self._commits.wait(seen, self._policy.poll.total_seconds())
            if found < self._policy.batch:
                self._stopping.wait(self._policy.linger.total_seconds())

    @property
    def subscriber(self) -> str:
        """Return the name of whom it serves."""
        return self._subscriber.name

    def stop(self) -> None:
        """Let `run` return once it has finished what it holds."""
        self._stopping.set()
        self._commits.give()

    def run_once(self) -> int:
        """Claim one batch, deliver it, and return how many deliveries were claimed.

        Raises StoreUnavailable, and ReceiverUnavailable with the claims given back and no failure counted.
        """
        policy = self._policy
        claimed_at = self._clock.now()
        deliveries = self._outbox.claim(self._subscriber.name, limit=policy.batch, now=claimed_at, lease=policy.lease)
        self._metrics.add(RELAY_CLAIMS, 1, self._subscriber.name)
        if deliveries:
            try:
                self._deliver(deliveries, until=claimed_at + policy.lease)
            except (StoreUnavailable, ReceiverUnavailable):
                self._count("put_off", len(deliveries))
                self._outbox.release(deliveries)
                raise
        return len(deliveries)

    def _work_off(self) -> None:
        """Deliver until a batch is not full, with all hands."""
        others = [Thread(target=self._help, name="relay-hand", daemon=True) for _ in range(1, self._policy.hands)]
        for other in others:
            other.start()
        try:
            self._deliver_full_batches()
        finally:
            for other in others:
                other.join()

    def _help(self) -> None:
        try:
            self._deliver_full_batches()
        except Exception as error:  # noqa: BLE001 - `run` meets it too, if it lasts, and waits
            self._tell(error)

    def _deliver_full_batches(self) -> None:
        while not self._stopping.is_set() and self.run_once() == self._policy.batch:
            pass

    def _tell(self, error: Exception) -> None:
        name = self._subscriber.name
        if isinstance(error, StoreUnavailable | ReceiverUnavailable):
            _log.warning("the relay of %s waits: %s", name, error)
        else:
            _log.error("the relay of %s could not work; it tries again", name, exc_info=error)

    def _deliver(self, deliveries: Sequence[Delivery], *, until: datetime) -> None:
        """Try all at once, which is much cheaper, and one by one when nobody knows whose fault a failure was."""
        error = self._try(deliveries)
        if error is None:
            return
        if len(deliveries) == 1:
            self._count_failure(deliveries[0], error)
            return
        held_up: set[tuple[str, UUID]] = set()
        for delivery in deliveries:
            aggregate = (delivery.entry.aggregate, delivery.entry.aggregate_id)
            if aggregate in held_up or self._stopping.is_set() or self._clock.now() >= until:
                self._outbox.release([delivery])
                held_up.add(aggregate)
            elif (error := self._try([delivery])) is not None:
                self._count_failure(delivery, error)
                held_up.add(aggregate)

    def _try(self, deliveries: Sequence[Delivery]) -> Exception | None:
        began = perf_counter()
        try:
            self._subscriber.deliver([delivery.entry for delivery in deliveries])
        except (StoreUnavailable, ReceiverUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - a subscriber may raise anything
            return error
        finally:
            self._metrics.observe(RELAY_SECONDS, perf_counter() - began, self._subscriber.name)
        self._outbox.acknowledge(deliveries)
        self._count("delivered", len(deliveries))
        return None

    def _count_failure(self, delivery: Delivery, error: Exception) -> None:
        failures = delivery.attempts + 1
        told = f"{type(error).__name__}: {error}"[:500]
        if failures >= self._policy.attempts:
            given_up = "%s is given up for %s after %d attempts: %s"
            _log.error(given_up, delivery.entry.id, delivery.subscriber, failures, told)
            self._outbox.dead_letter(delivery, error=told)
            self._count("set_aside", 1)
        else:
            if failures.bit_count() == 1:  # the first, the second, the fourth …: what lasts is not told for ever
                later = "%s could not be delivered to %s, attempt %d, and is tried again: %s"
                _log.warning(later, delivery.entry.id, delivery.subscriber, failures, told)
            until = self._clock.now() + self._policy.pause_after(failures)
            self._outbox.retry_later(delivery, until=until, error=told)
            self._count("failed", 1)

    def _count(self, outcome: str, events: int) -> None:
        self._metrics.add(RELAY_DELIVERIES, events, self._subscriber.name, outcome)
