import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import inf
from time import monotonic

import msgspec

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.signing_keys.key_schedule import LONGEST_UNREAD, READ_AGAIN, KeySchedule
from hexaccount.signing_keys.ports import ALGORITHMS, SignerUnreadable, StoredKey
from hexaccount.signing_keys.signing_keys import SigningKeys
from hexaccount_security import base64url
from hexaccount_security.encrypted_key_factory import EncryptedKeyFactory
from hexaccount_security.token_key import Header, TokenKey, header_of

_log = logging.getLogger("hexaccount.keys")

_READ_AGAIN, _LONGEST_UNREAD = READ_AGAIN.total_seconds(), LONGEST_UNREAD.total_seconds()
_ALWAYS = datetime.max.replace(tzinfo=UTC)
_MIN_SECONDS_BETWEEN_FORCED_READS = 0.25
"""Any client can send a token that names an unknown key, and so force a read."""

_decode_header = msgspec.json.Decoder(Header).decode


class _Keys:
    """The decrypted keys of one read."""

    def __init__(self, root_key: TokenKey, stored: Mapping[StoredKey, TokenKey], lifetime: timedelta) -> None:
        self._root_key = root_key
        self._stored = stored
        self._schedule = KeySchedule(stored, lifetime=lifetime)
        ends = {root_key.header: (root_key, self._schedule.verifies_until(None))}
        ends |= {key.header: (key, self._schedule.verifies_until(record)) for record, key in stored.items()}
        self._by_header = {header: (key, end or _ALWAYS) for header, (key, end) in ends.items()}

    def signer(self, at: datetime) -> TokenKey:
        record = self._schedule.signer(at)
        return self._root_key if record is None else self._stored[record]

    def by_header(self, header: str, now: datetime) -> TokenKey | None:
        key, end = self._by_header.get(header, (None, now))
        return key if now < end else None

    def verifying(self, now: datetime) -> list[TokenKey]:
        return [key for key, end in self._by_header.values() if now < end]

    def can_decrypt(self, record: StoredKey) -> bool:
        return record in self._stored


class KeyRing:
    """The root key and the stored keys, which every process rereads every few seconds.

    One thread reads while the others continue with the previous keys. While the store is unavailable, the previous
    keys verify, but none signs: another process may have superseded it.
    """

    def __init__(
        self, factory: EncryptedKeyFactory, stored: SigningKeys | None = None, *, lifetime: timedelta = timedelta()
    ) -> None:
        """`lifetime` is that of tokens; without `stored`, the root key is the only one."""
        self._factory = factory
        self._stored = stored
        self._lifetime = lifetime
        self._records: Sequence[StoredKey] | None = None
        self._keys = _Keys(factory.root, {}, lifetime)
        self._lock = threading.Lock()
        self._read_at = inf if stored is None else -inf
        self._forced_read_at = -inf
        self._unavailable = False

    def signer(self, at: datetime) -> TokenKey:
        """Return the key that signs at this time; raises StoreUnavailable."""
        keys = self._fresh()
        if self._unavailable and self._stored is not None:
            keys = self._forced_read(self._stored)
            if self._unavailable:
                raise StoreUnavailable
        return keys.signer(at)

    def check_signer(self, at: datetime) -> None:
        """Check that this process can decrypt the key with which all processes sign at this time.

        Raises SignerUnreadable, and StoreUnavailable if no keys have been read yet.
        """
        keys = self._fresh()
        if self._stored is not None and self._records is None:
            raise StoreUnavailable
        signer = KeySchedule(self._records or (), lifetime=self._lifetime).signer(at)
        if signer is not None and not keys.can_decrypt(signer):
            raise SignerUnreadable(signer.kid)

    def by_header(self, header: str, now: datetime) -> TokenKey | None:
        """Return the key whose tokens have this header; None if there is none, or all its tokens have expired.

        Raises StoreUnavailable if the header may belong to a key that cannot be read.
        """
        key = self._fresh().by_header(header, now)
        if key is None and self._stored is not None and _is_well_formed(header):
            key = self._forced_read(self._stored).by_header(header, now)
            if key is None and self._unavailable:
                raise StoreUnavailable
        return key

    def published(self, now: datetime) -> Sequence[Mapping[str, str]]:
        """Return the JWKs of all keys that sign or verify, except symmetric ones.

        Every call rereads the keys, so that the result includes any key with which another process has signed. While
        the store is unavailable, the previous keys are returned; raises StoreUnavailable if there are none.
        """
        if self._stored is not None:
            called_at = monotonic()
            with self._lock:
                if self._read_at <= called_at:
                    self._read(self._stored)
            if self._records is None:
                raise StoreUnavailable
        return [key.public_jwk for key in self._keys.verifying(now) if key.public_jwk is not None]

    def _fresh(self) -> _Keys:
        age = monotonic() - self._read_at
        if self._stored is None or age < _READ_AGAIN:
            return self._keys
        # A key that is too old could sign a token that other processes reject, so then all threads wait.
        if self._lock.acquire(blocking=age >= _LONGEST_UNREAD):
            try:
                if monotonic() - self._read_at >= _READ_AGAIN:
                    self._read(self._stored)
            finally:
                self._lock.release()
        return self._keys

    def _forced_read(self, stored: SigningKeys) -> _Keys:
        called_at = monotonic()
        with self._lock:
            if self._read_at <= called_at and monotonic() - self._forced_read_at >= _MIN_SECONDS_BETWEEN_FORCED_READS:
                self._forced_read_at = monotonic()
                self._read(stored)
        return self._keys

    def _read(self, stored: SigningKeys) -> None:
        started_at = monotonic()
        try:
            records = stored.all()
        except StoreUnavailable as error:
            self._unavailable = True
            self._read_at = monotonic()
            _log.warning("the signing keys cannot be read; the previous ones are used: %s", error)
            return
        if records != self._records:
            self._keys = _Keys(self._factory.root, self._decrypted(records), self._lifetime)
            self._records = records
        self._unavailable = False
        self._read_at = started_at

    def _decrypted(self, records: Sequence[StoredKey]) -> dict[StoredKey, TokenKey]:
        keys = {}
        for record in records:
            try:
                keys[record] = self._factory.decrypt(record)
            except ValueError as error:
                _log.error("the signing key %s is ignored: %s; see `hexaccount keys list`", record.kid, error)
        return keys


def _is_well_formed(header: str) -> bool:
    """Return whether a header has the form of those that this service issues."""
    try:
        parsed = _decode_header(base64url.decode(header))
    except ValueError:
        return False
    return parsed.alg in ALGORITHMS and header == header_of(parsed.alg, parsed.kid)
