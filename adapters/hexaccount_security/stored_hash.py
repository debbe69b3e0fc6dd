import hmac
import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Self

LOWEST_COST = 4
HIGHEST_COST = 15
"""A stored hash may have a higher cost than the configured one, but not one that would block the service."""

_PREHASHED = re.compile(r"\$bcrypt-sha256\$v=2,t=2b,r=([1-9][0-9]?)\$([./A-Za-z0-9]{21}[.Oeu])\$([./A-Za-z0-9]{31})")
_PLAIN = re.compile(r"\$2[aby]\$([0-9]{2})\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})")
_PLAIN_BYTES = 72
"""bcrypt 5 rejects more, older versions ignored the rest."""
_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class StoredHash:
    """A bcrypt hash as it is stored: `$bcrypt-sha256$v=2,t=2b,r=<cost>$<salt>$<digest>`, or a plain `$2b$` string.

    The first form is passlib's bcrypt_sha256, version 2. bcrypt reads 72 bytes at most, so it hashes the base64 of the
    password's HMAC-SHA256, keyed by the salt. Base64, because bcrypt takes a NUL for the end of a password. Keyed,
    because a plain SHA-256 allows "shucking": an attacker tests SHA-256 hashes of another leak without their passwords.
    https://passlib.readthedocs.io/en/stable/lib/passlib.hash.bcrypt_sha256.html
    """

    cost: int
    salt: bytes
    digest: bytes = field(repr=False)
    prehashed: bool = True

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parse a stored string; None if it is malformed or its cost is out of range."""
        prehashed = _PREHASHED.fullmatch(text)
        match = prehashed or _PLAIN.fullmatch(text)
        if match is None or not LOWEST_COST <= int(match[1]) <= HIGHEST_COST:
            return None
        salt = _canonical(match[2])
        return cls(int(match[1]), salt.encode("ascii"), match[3].encode("ascii"), prehashed is not None)

    def bcrypt_input(self, password: bytes) -> bytes:
        """Return what bcrypt hashes instead of `password`."""
        if self.prehashed:
            return b64encode(hmac.digest(self.salt, password, "sha256"))
        return password[:_PLAIN_BYTES]

    def may_match(self, password: bytes) -> bool:
        """Return whether `password` may match at all.

        bcrypt repeats the password with its final NUL, so "a" and "a NUL a" have the same plain hash; and most
        implementations cut the password at a NUL.
        """
        return self.prehashed or b"\0" not in password

    def covers(self, password: bytes) -> bool:
        """Return whether the hash says that a password which matches it is right to its end.

        A plain hash does not, from 72 bytes on: whatever follows them, it matches.
        """
        return self.prehashed or len(password) < _PLAIN_BYTES

    def __str__(self) -> str:
        return f"$bcrypt-sha256$v=2,t=2b,r={self.cost}${self.salt.decode('ascii')}${self.digest.decode('ascii')}"


def password_bytes(password: str) -> bytes:
    """Return what is hashed of a password; a lone surrogate matches no stored password, but raises no error."""
    return password.encode("utf-8", "surrogatepass")


def _canonical(salt: str) -> str:
    # 22 characters encode 132 bits, of which bcrypt uses 128; some implementations do not clear the last 4.
    return salt[:21] + _ALPHABET[_ALPHABET.index(salt[21]) & 0b110000]
