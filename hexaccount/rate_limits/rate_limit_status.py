from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitStatus:
    """How somebody stands with a limit.

    `policy` names it. Of `quota` attempts in `window` seconds `remaining` are left, and one more is in `wait` seconds.
    """

    policy: str
    quota: int
    window: int
    remaining: int
    wait: int
