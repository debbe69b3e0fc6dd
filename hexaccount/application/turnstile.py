from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hexaccount.application.limit_table import LOCAL, Limits, Policy
from hexaccount.application.limits import Limit
from hexaccount.application.ports.allowances import Allowances, AllowancesAway, Exhausted
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.fingerprints import Fingerprints
from hexaccount.domain.errors import TooManyAttempts
from hexaccount.domain.standing import Standing


@dataclass(frozen=True, slots=True)
class Claim:
    """A limit, and on what it is asked for: texts of which the turnstile keeps a digest only."""

    policy: Policy
    subject: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Admission:
    """An attempt that was let pass.

    standing: how whoever attempts stands with the first, narrowest limit; None where nothing is limited.
    give_back: undoes the attempt: it was none, or no wrong one.
    """

    standing: Standing | None
    give_back: Callable[[], None]


_UNLIMITED = Admission(None, lambda: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnstile:
    """Lets attempts pass as the limits allow.

    shared: counts for all processes.
    local: counts for this one, where no more is asked, and while the shared counters are lost.
    workers: how many share a limit; each admits its part of it while they cannot count together.
    """

    limits: Limits
    shared: Allowances
    local: Allowances
    fingerprints: Fingerprints
    clock: Clock
    enabled: bool = True
    workers: int = 1

    def admit(self, claims: Sequence[Claim]) -> Admission:
        """Take from all limits, or from none; narrow ones come first. Raises TooManyAttempts."""
        if not self.enabled:
            return _UNLIMITED
        policies = {self.fingerprints.of("limits", [claim.policy, *claim.subject]): claim.policy for claim in claims}
        wanted = {key: self.limits[policy] for key, policy in policies.items()}
        if all(claim.policy in LOCAL for claim in claims):
            return self._take(self.local, policies, wanted)
        try:
            return self._take(self.shared, policies, wanted)
        except AllowancesAway:
            shares = {key: limit.scaled(1 / self.workers) for key, limit in wanted.items()}
            return self._take(self.local, policies, shares)

    def _take(self, allowances: Allowances, policies: Mapping[str, Policy], wanted: Mapping[str, Limit]) -> Admission:
        now = self.clock.now()
        try:
            taken = allowances.take(wanted, now)
        except Exhausted as refusal:
            standing = wanted[refusal.key].standing(policies[refusal.key], refusal.filling, now)
            # Somebody may have given back what was missing a moment ago; this attempt was refused all the same.
            raise TooManyAttempts(replace(standing, remaining=0)) from None
        first = next(iter(wanted))
        standing = wanted[first].standing(policies[first], taken[first], now)
        return Admission(standing, lambda: allowances.give_back(wanted, taken))
