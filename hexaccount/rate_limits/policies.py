"""What is limited, and to how much: every limit of the service stands here."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, TypeAlias

from hexaccount.rate_limits.rate_limit import GcraBucket, RateLimit

Policy: TypeAlias = Literal[
    "login",
    "login-account",
    "login-address",
    "login-device",
    "password",
    "register",
    "refresh",
    "logout",
    "avatar",
    "keys",
    "documents",
    "sockets",
]
RateLimits: TypeAlias = Mapping[Policy, RateLimit]


def _limit(burst: int, seconds: float, sustained: int, lasting_seconds: float) -> RateLimit:
    """Return a limit of `brief` attempts at once and then one each `seconds`, and over time of `lasting` and so on."""
    return RateLimit(
        GcraBucket(burst, timedelta(seconds=seconds)),
        GcraBucket(sustained, timedelta(seconds=lasting_seconds)),
    )


_LIMITS: dict[Policy, RateLimit] = {
    # Wrong passwords: those for a name from one address, for an account, from an address, and on a device that has
    # logged in before. The first is less than half of the second, so that nobody shuts an account from one address,
    # though an account has two names. Addresses are generous: behind one there may be a school.
    "login": _limit(5, 12, 20, 720),
    "login-account": _limit(15, 4, 60, 240),
    "login-address": _limit(60, 1, 600, 10),
    "login-device": _limit(5, 12, 20, 720),
    # Guesses by who has shown something else already: a session whose password they want to change, or the key and all
    # other texts of a registration.
    "password": _limit(5, 12, 20, 720),
    # Requests from one address.
    "register": _limit(30, 2, 200, 60),
    "refresh": _limit(600, 0.05, 20_000, 0.2),
    "logout": _limit(600, 0.05, 20_000, 0.2),
    "avatar": _limit(400, 0.02, 10_000, 0.1),
    "keys": _limit(120, 0.1, 3000, 1),
    "documents": _limit(120, 0.1, 3000, 1),
    "sockets": _limit(120, 0.1, 3000, 1),
}

LOCAL: frozenset[Policy] = frozenset({"avatar", "keys", "documents", "sockets"})
"""Limits on work and not on guesses: each process counts them for itself, and asks no store about a picture."""


def limits(factor: float = 1) -> RateLimits:
    """Return all limits, `factor` times as generous as they stand here."""
    return {policy: limit.scaled(factor) for policy, limit in _LIMITS.items()}
