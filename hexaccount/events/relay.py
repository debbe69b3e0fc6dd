"""Delivers every event to every durable subscriber, at least once and in order."""

import logging
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Thread
from time import perf_counter
from uuid import UUID

from hexaccount.events.delivery_cursor import DeliveryCursor
from hexaccount.events.metrics import RELAY_CLAIMS, RELAY_DELIVERIES, RELAY_SECONDS
from hexaccount.events.ports import ClaimedBatch, Delivery, DeliveryRefused, Outbox, ReceiverUnavailable
from hexaccount.events.subscribers import Subscriber
from hexaccount.kernel.clock import CLOCKS_APART, Clock
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.kernel.unit_of_work import StoreUnavailable

_log = logging.getLogger("hexaccount.relay")


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayPolicy:
    """When a relay retries, waits and gives up.

    After `attempts` failures, or at once if it is refused for good, a delivery becomes a dead letter. The pause between
    attempts doubles from `first_pause` up to `longest_pause`. While the store or the receiver is unavailable it grows
    to `longest_wait` only, so that the relay soon notices their return. A claim holds for `lease`. `poll` bounds the
    wait where no commit is signalled. Before a claim that will not fill a batch the relay lingers, so that under load
    one claim takes many. A backlog of more than a batch is delivered by `threads`: one delivers while another claims.

    With `hold`, for subscribers that usually need much less than that, a batch is held by the locks of the store for at
    most as long instead of a lease. After a failure, and while a batch takes more than half of it, leases are used.
    """

    attempts: int = 10
    first_pause: timedelta = timedelta(seconds=1)
    longest_pause: timedelta = timedelta(minutes=5)
    longest_wait: timedelta = timedelta(seconds=10)
    lease: timedelta = timedelta(seconds=30)
    poll: timedelta = timedelta(milliseconds=500)
    linger: timedelta = timedelta(milliseconds=50)
    batch: int = 100
    threads: int = 1
    hold: timedelta | None = None

    @property
    def horizon(self) -> timedelta:
        """Return how far ahead the end of a lease or of a pause may be; a later one is of a clock that was wrong."""
        return max(self.lease, self.longest_pause) + CLOCKS_APART

    def pause_after(self, failures: int, *, unavailable: bool = False) -> timedelta:
        """Return the pause after this many failures, a fifth of it random so that retries spread."""
        longest = self.longest_wait if unavailable else self.longest_pause
        doubled = self.first_pause * float(2 ** min(failures - 1, 30))
        return min(doubled, longest) * random.uniform(0.8, 1.0)  # noqa: S311 - jitter


class Relay:
    """Serves one subscriber; any number of relays, in any number of processes, may serve the same one.

    Leases keep them apart. A delivery that fails holds up the later events of its own aggregate, and nothing else,
    until it succeeds or becomes a dead letter. `receiver_unavailable` tells whether the last attempt failed so.
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
        self._cursor = DeliveryCursor()
        self._longest_hold = policy.hold  # None while leases are used
        self.receiver_unavailable = False
        metrics.declare(RELAY_CLAIMS, subscriber.name)
        for outcome in ("delivered", "failed", "dead_lettered", "released"):
            metrics.declare(RELAY_DELIVERIES, subscriber.name, outcome)

    def run(self) -> None:
        """Deliver until `stop` is called; wait while the store or the receiver is unavailable."""
        failures = 0
        while not self._stopping.is_set():
            seen = self._commits.count
            try:
                found = self._deliver_next(self._cursor)
                if not self._cursor.at_end:
                    self._deliver_backlog()
                failures, self.receiver_unavailable = 0, False
            except Exception as error:  # noqa: BLE001 - whatever fails, the relay must go on
                failures, self.receiver_unavailable = failures + 1, isinstance(error, ReceiverUnavailable)
                self._log(error)
                unavailable = isinstance(error, StoreUnavailable | ReceiverUnavailable)
                self._stopping.wait(self._policy.pause_after(failures, unavailable=unavailable).total_seconds())
                continue
            if not found and not self._stopping.is_set():
                self._commits.wait(seen, self._policy.poll.total_seconds())
            self._stopping.wait(self._policy.linger.total_seconds())

    @property
    def subscriber(self) -> str:
        return self._subscriber.name

    def stop(self) -> None:
        """Let `run` return after the current batch."""
        self._stopping.set()
        self._commits.wake()

    def run_once(self) -> int:
        """Claim the next batch that is not empty, deliver it, and return how many deliveries were claimed.

        After the last batch it begins at the start again. Raises StoreUnavailable and ReceiverUnavailable, after
        releasing the claims without counting a failure.
        """
        if self._cursor.at_end:
            self._cursor = DeliveryCursor()
        return self._deliver_next(self._cursor)

    def _deliver_next(self, cursor: DeliveryCursor) -> int:
        while True:
            began = self._clock.now()
            after = cursor.next(began)
            longest = self._longest_hold
            held = self._hold(began, after, longest) if longest else None
            batch = held or self._lease(began, after, failed=longest is not None)
            cursor.advance(after, batch.end, began=began, ended=self._clock.now())
            if batch.deliveries or batch.end is None or self._stopping.is_set():
                return len(batch.deliveries)

    def _hold(self, now: datetime, after: UUID | None, longest: timedelta) -> ClaimedBatch | None:
        """Deliver a batch within a hold; None if that failed, for a reason that has to be found with leases."""
        policy = self._policy
        batch = ClaimedBatch((), None)
        try:
            with self._outbox.hold(
                self._subscriber.name,
                limit=policy.batch,
                now=now,
                longest=longest,
                latest=now + policy.horizon,
                after=after,
            ) as batch:
                self._metrics.add(RELAY_CLAIMS, 1, self._subscriber.name)
                if batch.deliveries:
                    self._hand_over(batch.deliveries)
        except (StoreUnavailable, ReceiverUnavailable):
            self._longest_hold = None
            self._count("released", len(batch.deliveries))
            raise
        except Exception:  # noqa: BLE001 - a subscriber may raise anything
            return None
        self._count("delivered", len(batch.deliveries))
        return batch

    def _lease(self, now: datetime, after: UUID | None, *, failed: bool) -> ClaimedBatch:
        """Deliver a batch with a lease, one by one if it is one that has `failed`."""
        policy = self._policy
        batch = self._outbox.claim(
            self._subscriber.name,
            limit=policy.batch,
            now=now,
            lease=policy.lease,
            latest=now + policy.horizon,
            after=after,
        )
        self._metrics.add(RELAY_CLAIMS, 1, self._subscriber.name)
        if batch.deliveries:
            began = self._clock.now()
            try:
                self._deliver(batch.deliveries, until=now + policy.lease, failed=failed)
            except (StoreUnavailable, ReceiverUnavailable):
                self._count("released", len(batch.deliveries))
                self._outbox.release(batch.deliveries)
                raise
            quick = policy.hold is not None and 2 * (self._clock.now() - began) < policy.hold
            self._longest_hold = policy.hold if quick else None
        return batch

    def _deliver_backlog(self) -> None:
        """Deliver with all threads until nothing is left that is due."""
        others = [Thread(target=self._assist, name="relay", daemon=True) for _ in range(1, self._policy.threads)]
        for other in others:
            other.start()
        try:
            self._deliver_to_end(self._cursor)
        finally:
            for other in others:
                other.join()

    def _assist(self) -> None:
        try:
            self._deliver_to_end(DeliveryCursor(self._cursor.next(self._clock.now())))
        except Exception as error:  # noqa: BLE001 - if it lasts, `run` gets it too, and waits
            self._log(error)

    def _deliver_to_end(self, cursor: DeliveryCursor) -> None:
        while not self._stopping.is_set() and not cursor.at_end:
            self._deliver_next(cursor)

    def _log(self, error: Exception) -> None:
        name = self._subscriber.name
        if isinstance(error, StoreUnavailable | ReceiverUnavailable):
            _log.warning("the relay of %s waits: %s", name, error)
        else:
            _log.error("the relay of %s failed; it tries again", name, exc_info=error)

    def _deliver(self, deliveries: Sequence[Delivery], *, until: datetime, failed: bool) -> None:
        """Deliver all at once, which is much cheaper, and after a failure one by one, to find its cause."""
        if not failed:
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
        try:
            self._hand_over(deliveries)
        except (StoreUnavailable, ReceiverUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - a subscriber may raise anything
            return error
        self._outbox.acknowledge(deliveries)
        self._count("delivered", len(deliveries))
        return None

    def _hand_over(self, deliveries: Sequence[Delivery]) -> None:
        began = perf_counter()
        try:
            self._subscriber.deliver([delivery.entry for delivery in deliveries])
        finally:
            self._metrics.observe(RELAY_SECONDS, perf_counter() - began, self._subscriber.name)

    def _count_failure(self, delivery: Delivery, error: Exception) -> None:
        failures = delivery.attempts + 1
        message = f"{type(error).__name__}: {error}"[:500]
        if failures >= self._policy.attempts or isinstance(error, DeliveryRefused):
            dead = "event %s is a dead letter for %s after %d attempts: %s"
            _log.error(dead, delivery.entry.id, delivery.subscriber, failures, message)
            self._outbox.dead_letter(delivery, error=message)
            self._count("dead_lettered", 1)
        else:
            if failures.bit_count() == 1:  # the first, the second, the fourth …: a lasting failure is logged less often
                later = "event %s could not be delivered to %s, attempt %d, and is retried later: %s"
                _log.warning(later, delivery.entry.id, delivery.subscriber, failures, message)
            until = self._clock.now() + self._policy.pause_after(failures)
            self._outbox.retry_later(delivery, until=until, error=message)
            self._count("failed", 1)

    def _count(self, outcome: str, events: int) -> None:
        self._metrics.add(RELAY_DELIVERIES, events, self._subscriber.name, outcome)
