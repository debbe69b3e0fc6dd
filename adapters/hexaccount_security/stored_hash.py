import hmac
import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Self

LOWEST_COST = 4
HIGHEST_COST = 15
"""A stored hash may ask for more work than ours, but not for so much that verifying it stops the service."""

_PREHASHED = re.compile(r"\$bcrypt-sha256\$v=2,t=2b,r=([1-9][0-9]?)\$([./A-Za-z0-9]{21}[.Oeu])\$([./A-Za-z0-9]{31})")
_PLAIN = re.compile(r"\$2[aby]\$([0-9]{2})\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})")
_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class StoredHash:
    """A bcrypt hash as it is stored: `$bcrypt-sha256$v=2,t=2b,r=<cost>$<salt>$<digest>`, or a plain `$2b$` string.

    The first form is the one passlib calls bcrypt_sha256, version 2: what is hashed is not the password, of which
    bcrypt would see 72 bytes, but the base64 of its HMAC-SHA256 keyed by the salt. Base64 because bcrypt takes a NUL
    for the end of a password. Keyed, because bcrypt over a bare SHA-256 can be "shucked": whoever holds the SHA-256 of
    the same password from another leak tests it as it is, without knowing the password.
    https://passlib.readthedocs.io/en/stable/lib/passlib.hash.bcrypt_sha256.html
    """

    cost: int
    salt: bytes
    digest: bytes = field(repr=False)
    prehashed: bool = True

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a stored string, or return None for one that is malformed or asks for an absurd amount of work."""
        prehashed = _PREHASHED.fullmatch(text)
        found = prehashed or _PLAIN.fullmatch(text)
        if found is None or not LOWEST_COST <= int(found[1]) <= HIGHEST_COST:
            return None
        salt = _canonical(found[2])
        return cls(int(found[1]), salt.encode("ascii"), found[3].encode("ascii"), prehashed is not None)

    @property
    def setting(self) -> bytes:
        """Say cost and salt as bcrypt takes them; 2a, 2b and 2y are one algorithm for up to 72 bytes without a NUL."""
        return b"$2b$%02d$%b" % (self.cost, self.salt)

    def material(self, password: bytes) -> bytes:
        """Return what bcrypt hashes in place of `password`."""
        if self.prehashed:
            return b64encode(hmac.digest(self.salt, password, "sha256"))
        return password[:72]  # bcrypt 5 refuses more, those that made the hash ignored it

    def can_be_of(self, password: bytes) -> bool:
        """Say whether `password` may match at all.

        A plain hash repeats the password and its closing NUL, so "a" and "a NUL a" have one hash; and most makers cut
        at a NUL.
        """
        return self.prehashed or b"\0" not in password

    def __str__(self) -> str:
        return f"$bcrypt-sha256$v=2,t=2b,r={self.cost}${self.salt.decode('ascii')}${self.digest.decode('ascii')}"


def _canonical(salt: str) -> str:
    # 22 characters hold 132 bits, of which bcrypt uses 128; some makers left the last 4 as they came.
    return salt[:21] + _ALPHABET[_ALPHABET.index(salt[21]) & 0b110000]
