from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import reduce
from itertools import groupby
from operator import attrgetter, or_

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.fingerprints import Fingerprints
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy, RateLimitStatus
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.rate_limits.ports import LimitExceeded, RateLimitStore, RateLimitStoreUnavailable


@dataclass(frozen=True, slots=True)
class LimitKey:
    """A policy, and the subject whose attempts it counts; only a digest of the subject is stored."""

    policy: RateLimitPolicy
    subject: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """An admitted attempt.

    store: what has counted it, None where nothing is limited.
    limits: the limits by their keys; `failures` are those of policies that do not count successful attempts.
    give_back: takes the attempt out of the buckets of these keys.
    """

    store: RateLimitStore | None = None
    limits: Mapping[str, RateLimit]
    failures: Mapping[str, RateLimit]
    give_back: Callable[[Mapping[str, RateLimit]], None]
    status: Callable[[], RateLimitStatus | None]
    refunded: Callable[[], RateLimitStatus | None]

    @property
    def limit_status(self) -> RateLimitStatus | None:
        """Return what is left of the first, narrowest limit; None where nothing is limited."""
        return self.status()

    @property
    def refunded_status(self) -> RateLimitStatus | None:
        """Return what is left of it after a refund, if there was no other attempt meanwhile."""
        return self.refunded()

    def refund(self) -> None:
        """Undo the attempt because it was none; call this or `succeed`, and once."""
        self.give_back(self.limits)

    def succeed(self, *later: "Permit") -> None:
        """Undo the attempt where its policies do not count successful ones, together with its later permits.

        A store gives back all of them at once, as if they were as old as the first: that never undoes too much.
        """
        for _, counted in groupby((self, *later), key=attrgetter("store")):
            first, *others = counted
            if failures := reduce(or_, (dict(each.failures) for each in others), dict(first.failures)):
                first.give_back(failures)


def _nothing(*_: object) -> None:
    pass


_UNLIMITED = Permit(limits={}, failures={}, give_back=_nothing, status=_nothing, refunded=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimiter:
    """Admits attempts as their policies allow.

    shared: counts for all processes.
    local: counts for this process, for local policies and while the shared counters are unavailable.
    factor: how many times as much as its policy says each limit admits.
    workers: how many processes share a limit; each admits its part while the shared counters are unavailable.
    """

    shared: RateLimitStore
    local: RateLimitStore
    fingerprints: Fingerprints
    clock: Clock
    factor: float = 1
    enabled: bool = True
    workers: int = 1

    def acquire(self, keys: Sequence[LimitKey]) -> Permit:
        """Count an attempt under all keys, or under none; the narrowest comes first. Raises TooManyAttempts."""
        if not self.enabled:
            return _UNLIMITED
        policies = {self.fingerprints.of("limits", [key.policy.name, *key.subject]): key.policy for key in keys}
        limits = {name: policy.limit.scaled(self.factor) for name, policy in policies.items()}
        if all(key.policy.local for key in keys):
            return self._acquire(self.local, policies, limits)
        try:
            return self._acquire(self.shared, policies, limits)
        except RateLimitStoreUnavailable:
            shares = {key: limit.scaled(1 / self.workers) for key, limit in limits.items()}
            return self._acquire(self.local, policies, shares)

    def _acquire(
        self, store: RateLimitStore, policies: Mapping[str, RateLimitPolicy], limits: Mapping[str, RateLimit]
    ) -> Permit:
        now = self.clock.now()
        try:
            states = store.acquire(limits, now)
        except LimitExceeded as exceeded:
            status = limits[exceeded.key].status(policies[exceeded.key].name, exceeded.state, now)
            # A refund may have made room a moment ago; this attempt was refused all the same.
            raise TooManyAttempts(replace(status, remaining=0)) from None
        first = next(iter(limits))
        limit, name, state = limits[first], policies[first].name, states[first]
        failures = {key: limits[key] for key, policy in policies.items() if not policy.counts_success}

        return Permit(
            store=store,
            limits=limits,
            failures=failures,
            give_back=lambda keys: store.refund(keys, self.clock.now() - now),
            status=lambda: limit.status(name, state, now),
            refunded=lambda: limit.status(name, limit.refund(state, timedelta()), now),
        )
