from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.fingerprints import Fingerprints
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.rate_limits.policies import LOCAL, Policy, RateLimits
from hexaccount.rate_limits.ports import LimitExceeded, RateLimitStore, RateLimitStoreUnavailable
from hexaccount.rate_limits.rate_limit import RateLimit
from hexaccount.rate_limits.rate_limit_status import RateLimitStatus


@dataclass(frozen=True, slots=True)
class LimitKey:
    """A limit, and on what it is asked for: texts of which the turnstile keeps a digest only."""

    policy: Policy
    subject: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Permit:
    """An attempt that was let pass.

    standing: how whoever attempts stands with the first, narrowest limit; None where nothing is limited.
    give_back: undoes the attempt: it was none, or no wrong one.
    """

    limit_status: RateLimitStatus | None
    refund: Callable[[], None]


_UNLIMITED = Permit(None, lambda: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimiter:
    """Lets attempts pass as the limits allow.

    shared: counts for all processes.
    local: counts for this one, where no more is asked, and while the shared counters are lost.
    workers: how many share a limit; each admits its part of it while they cannot count together.
    """

    limits: RateLimits
    shared: RateLimitStore
    local: RateLimitStore
    fingerprints: Fingerprints
    clock: Clock
    enabled: bool = True
    workers: int = 1

    def acquire(self, claims: Sequence[LimitKey]) -> Permit:
        """Take from all limits, or from none; narrow ones come first. Raises TooManyAttempts."""
        if not self.enabled:
            return _UNLIMITED
        policies = {self.fingerprints.of("limits", [claim.policy, *claim.subject]): claim.policy for claim in claims}
        wanted = {key: self.limits[policy] for key, policy in policies.items()}
        if all(claim.policy in LOCAL for claim in claims):
            return self._take(self.local, policies, wanted)
        try:
            return self._take(self.shared, policies, wanted)
        except RateLimitStoreUnavailable:
            shares = {key: limit.scaled(1 / self.workers) for key, limit in wanted.items()}
            return self._take(self.local, policies, shares)

    def _take(
        self, rate_limits: RateLimitStore, policies: Mapping[str, Policy], wanted: Mapping[str, RateLimit]
    ) -> Permit:
        now = self.clock.now()
        try:
            taken = rate_limits.acquire(wanted, now)
        except LimitExceeded as refusal:
            limit_status = wanted[refusal.key].limit_status(policies[refusal.key], refusal.bucket_state, now)
            # Somebody may have given back what was missing a moment ago; this attempt was refused all the same.
            raise TooManyAttempts(replace(limit_status, remaining=0)) from None
        first = next(iter(wanted))
        limit_status = wanted[first].limit_status(policies[first], taken[first], now)
        return Permit(limit_status, lambda: rate_limits.refund(wanted, taken))
