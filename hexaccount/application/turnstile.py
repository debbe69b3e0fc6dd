from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hexaccount.application.limit_table import LOCAL, Limits, Policy
from hexaccount.application.limits import Filling, Limit
from hexaccount.application.ports.allowances import Allowances, Exhausted
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.fingerprints import Fingerprints
from hexaccount.domain.errors import TooManyAttempts
from hexaccount.domain.standing import Standing


@dataclass(frozen=True, slots=True)
class Claim:
    """A limit, and on what it is asked for: texts of which the turnstile keeps a digest only."""

    policy: Policy
    subject: tuple[str, ...] = field(repr=False)


@dataclass(slots=True)
class Admission:
    """What an attempt has taken; `standing` is that with its first, narrowest limit."""

    standing: Standing | None = None
    _taken: list[tuple[Allowances, str, Limit, Filling]] = field(default_factory=list)

    def note(self, allowances: Allowances, key: str, limit: Limit, filling: Filling) -> None:
        """Remember what was taken."""
        self._taken.append((allowances, key, limit, filling))

    def give_back(self) -> None:
        """Undo the attempt: it was none, or no wrong one."""
        while self._taken:
            allowances, key, limit, filling = self._taken.pop()
            allowances.give_back(key, limit, filling)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnstile:
    """Lets attempts pass as the limits allow.

    shared: counts for all processes.
    local: counts for this one, where no more is asked.
    """

    limits: Limits
    shared: Allowances
    local: Allowances
    fingerprints: Fingerprints
    clock: Clock
    enabled: bool = True

    def admit(self, claims: Sequence[Claim]) -> Admission:
        """Take from each limit in turn, or from none; narrow ones come first. Raises TooManyAttempts."""
        admission = Admission()
        for claim in claims if self.enabled else ():
            try:
                self._take(claim, admission)
            except TooManyAttempts:
                admission.give_back()
                raise
        return admission

    def _take(self, claim: Claim, admission: Admission) -> None:
        allowances = self.local if claim.policy in LOCAL else self.shared
        limit, now = self.limits[claim.policy], self.clock.now()
        key = self.fingerprints.of("limits", [claim.policy, *claim.subject])
        try:
            filling = allowances.take(key, limit, now)
        except Exhausted as refusal:
            # Somebody may have given back what was missing a moment ago; this attempt was refused all the same.
            standing = replace(limit.standing(claim.policy, refusal.filling, now), remaining=0)
            raise TooManyAttempts(standing) from None
        admission.note(allowances, key, limit, filling)
        admission.standing = admission.standing or limit.standing(claim.policy, filling, now)
