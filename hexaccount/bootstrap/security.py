"""Opens what hashes passwords, signs tokens, makes fingerprints and logs what concerns security.

Each function imports the adapter that it makes, so that nothing unused is imported at start.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hexaccount.bootstrap.key_file import root_key_of, signing_key
from hexaccount.bootstrap.settings import Settings
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.fingerprints import Fingerprints
from hexaccount.kernel.metrics import Metrics
from hexaccount.observability.account_hashes import AccountHashes
from hexaccount.observability.line_limit import LineLimit
from hexaccount.observability.security_log import SecurityLog
from hexaccount.passwords.password_policy import PasswordPolicy
from hexaccount.passwords.ports import DeviceTokens
from hexaccount.rate_limits.ports import RateLimitStore
from hexaccount.sessions.ports import TokenIssuer
from hexaccount.signing_keys.signing_keys import SigningKeys
from hexaccount.store_kit.store import Store

if TYPE_CHECKING:
    from hexaccount_security import EncryptedKeyFactory, HashingPool, KeyRing

# The bounds of zxcvbn's scores.
_GUESSES = {1: 10**3, 2: 10**6, 3: 10**8, 4: 10**10}


def hashing_pool(settings: Settings, slots: Path | None, metrics: Metrics) -> "HashingPool":
    from hexaccount_security import HashingPool

    return HashingPool(slots=os.cpu_count() or 1, queue=settings.password.queue, shared=slots, metrics=metrics)


def password_policy(settings: Settings, pool: "HashingPool") -> PasswordPolicy:
    from hexaccount_security import ZxcvbnEstimator

    return PasswordPolicy(
        minimum_length=settings.password.minimum_length,
        minimum_guesses=_GUESSES[settings.password.minimum_strength],
        estimator=ZxcvbnEstimator(pool),
    )


def key_factory(settings: Settings) -> "EncryptedKeyFactory":
    from hexaccount_security import EncryptedKeyFactory

    return EncryptedKeyFactory(root_key_of(settings))


def ring(settings: Settings, key_factory: "EncryptedKeyFactory", store: Store) -> "KeyRing":
    from hexaccount_security import KeyRing

    return KeyRing(
        key_factory, SigningKeys(store.unit_of_work), lifetime=timedelta(seconds=settings.session.access_lifetime)
    )


def tokens(settings: Settings, ring: "KeyRing") -> TokenIssuer:
    from hexaccount_security import JwtIssuer

    return JwtIssuer(
        ring,
        issuer=settings.issuer,
        accepted_issuers=settings.jwt.accepted_issuers,
        audience=settings.jwt.audience,
        client_id="hexaccount",
        claims=settings.jwt.claims,
    )


def fingerprints(settings: Settings) -> Fingerprints:
    from hexaccount_security import HmacFingerprints

    return HmacFingerprints(signing_key(settings))


def security_log(
    fingerprints: Callable[[], Fingerprints], lines: RateLimitStore, clock: Clock, metrics: Metrics
) -> SecurityLog:
    return SecurityLog(lambda: AccountHashes(fingerprints()), LineLimit(lines, clock), metrics)


def device_tokens(settings: Settings) -> DeviceTokens:
    from hexaccount_security import EncryptedDeviceTokens

    return EncryptedDeviceTokens(signing_key(settings))
