import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import inf
from time import monotonic

import msgspec

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.signing_keys.key_schedule import LONGEST_UNREAD, READ_AGAIN, KeySchedule
from hexaccount.signing_keys.ports import ALGORITHMS, SignerUnreadable, SigningKeys, StoredKey
from hexaccount_security import base64url
from hexaccount_security.sealing_smith import SealingSmith
from hexaccount_security.token_key import Header, TokenKey, header_of

_log = logging.getLogger("hexaccount.keys")

_READ_AGAIN, _LONGEST_UNREAD = READ_AGAIN.total_seconds(), LONGEST_UNREAD.total_seconds()
_ALWAYS = datetime.max.replace(tzinfo=UTC)
_BETWEEN_LOOKS = 0.25
"""Seconds between two readings that unknown keys cause: anybody can send a token that names one."""

_decode_header = msgspec.json.Decoder(Header).decode


class _Keys:
    """The keys as they were read, ready for use."""

    def __init__(self, seed: TokenKey, stored: Mapping[StoredKey, TokenKey], lifetime: timedelta) -> None:
        self._seed = seed
        self._stored = stored
        self._schedule = KeySchedule(stored, lifetime=lifetime)
        ends = {seed.header: (seed, self._schedule.verifies_until(None))}
        ends |= {key.header: (key, self._schedule.verifies_until(record)) for record, key in stored.items()}
        self._by_header = {header: (key, end or _ALWAYS) for header, (key, end) in ends.items()}

    def signer(self, at: datetime) -> TokenKey:
        record = self._schedule.signer(at)
        return self._seed if record is None else self._stored[record]

    def of_header(self, header: str, now: datetime) -> TokenKey | None:
        key, end = self._by_header.get(header, (None, now))
        return key if now < end else None

    def verifying(self, now: datetime) -> list[TokenKey]:
        return [key for key, end in self._by_header.values() if now < end]

    def opens(self, record: StoredKey) -> bool:
        return record in self._stored


class KeyRing:
    """The key of the settings and those in the store, which all processes read again every few seconds.

    Reading costs requests nothing: one thread reads while the others go on with what was read before. While the store
    is away, the keys of before go on verifying, but none signs: it might have been superseded.
    """

    def __init__(
        self, key_factory: SealingSmith, stored: SigningKeys | None = None, *, lifetime: timedelta = timedelta()
    ) -> None:
        """Take who opens the keys, where they are stored, if anywhere, and how long a token lives."""
        self._smith = key_factory
        self._stored = stored
        self._lifetime = lifetime
        self._records: Sequence[StoredKey] | None = None
        self._keys = _Keys(key_factory.seed_key, {}, lifetime)
        self._lock = threading.Lock()
        self._read_at = inf if stored is None else -inf
        self._looked_at = -inf
        self._out_of_reach = False

    def signer(self, at: datetime) -> TokenKey:
        """Return the key that signs at a moment; raises StoreUnavailable."""
        keys = self._fresh()
        if self._out_of_reach and self._stored is not None:
            keys = self._looked_again(self._stored)
            if self._out_of_reach:
                raise StoreUnavailable
        return keys.signer(at)

    def check_signer(self, at: datetime) -> None:
        """Return if the key that all processes sign with at a moment is one that this one can open.

        Raises SignerUnreadable, and StoreUnavailable where no keys have been read yet.
        """
        keys = self._fresh()
        if self._stored is not None and self._records is None:
            raise StoreUnavailable
        signer = KeySchedule(self._records or (), lifetime=self._lifetime).signer(at)
        if signer is not None and not keys.opens(signer):
            raise SignerUnreadable(signer.kid)

    def of_header(self, header: str, now: datetime) -> TokenKey | None:
        """Return the key whose tokens begin with a header, if any of them may be alive.

        Raises StoreUnavailable for a header that may be that of a key which could not be read.
        """
        key = self._fresh().of_header(header, now)
        if key is None and self._stored is not None and _could_be_ours(header):
            key = self._looked_again(self._stored).of_header(header, now)
            if key is None and self._out_of_reach:
                raise StoreUnavailable
        return key

    def published(self, now: datetime) -> Sequence[Mapping[str, str]]:
        """Return the public parts, as JWKs, of all keys that may sign or verify; symmetric ones have none.

        They are read at each call: no other process has signed with a key that is missing here. While the store is
        away they are those of before; raises StoreUnavailable where there are none.
        """
        if self._stored is not None:
            asked = monotonic()
            with self._lock:
                if self._read_at <= asked:
                    self._read(self._stored)
            if self._records is None:
                raise StoreUnavailable
        return [key.public_jwk for key in self._keys.verifying(now) if key.public_jwk is not None]

    def _fresh(self) -> _Keys:
        unread = monotonic() - self._read_at
        if self._stored is None or unread < _READ_AGAIN:
            return self._keys
        # With keys that are too old, one might sign what nobody accepts any more: then all wait.
        if self._lock.acquire(blocking=unread >= _LONGEST_UNREAD):
            try:
                if monotonic() - self._read_at >= _READ_AGAIN:
                    self._read(self._stored)
            finally:
                self._lock.release()
        return self._keys

    def _looked_again(self, stored: SigningKeys) -> _Keys:
        asked = monotonic()
        with self._lock:
            if self._read_at <= asked and monotonic() - self._looked_at >= _BETWEEN_LOOKS:
                self._looked_at = monotonic()
                self._read(stored)
        return self._keys

    def _read(self, stored: SigningKeys) -> None:
        began = monotonic()
        try:
            records = stored.all()
        except StoreUnavailable as error:
            self._out_of_reach = True
            self._read_at = monotonic()
            _log.warning("the signing keys cannot be read, going on with those read before: %s", error)
            return
        if records != self._records:
            self._keys = _Keys(self._smith.seed_key, self._opened(records), self._lifetime)
            self._records = records
        self._out_of_reach = False
        self._read_at = began

    def _opened(self, records: Sequence[StoredKey]) -> dict[StoredKey, TokenKey]:
        opened = {}
        for record in records:
            try:
                opened[record] = self._smith.open(record)
            except ValueError as error:
                _log.error("the signing key %s is left out: %s; see `hexaccount keys list`", record.kid, error)
        return opened


def _could_be_ours(header: str) -> bool:
    """Tell whether a header is of the one form that keys of ours write."""
    try:
        read = _decode_header(base64url.decode(header))
    except ValueError:
        return False
    return read.alg in ALGORITHMS and header == header_of(read.alg, read.kid)
