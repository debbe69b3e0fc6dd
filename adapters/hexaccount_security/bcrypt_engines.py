"""What computes bcrypt: a loop in C over several hashes at once, the system's libcrypt, or the package `bcrypt`."""

import contextlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol

import bcrypt

MOST_LANES = 4
"""How many hashes an engine computes at once at the most."""

_PLAIN_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_ALPHABET = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TO_OURS = bytes.maketrans(_PLAIN_ALPHABET, _ALPHABET)
_FROM_OURS = bytes.maketrans(_ALPHABET, _PLAIN_ALPHABET)
_CRYPT_DATA_BYTES = 32_768


@dataclass(frozen=True, slots=True)
class BcryptInput:
    """One hash to compute: cost, salt in 22 characters of bcrypt's alphabet, and at most 72 bytes to hash."""

    cost: int
    salt: bytes
    secret: bytes = field(repr=False)

    @property
    def setting(self) -> bytes:
        """Cost and salt in bcrypt's form; 2a, 2b and 2y are equivalent for up to 72 bytes."""
        return b"$2b$%02d$%b" % (self.cost, self.salt)


class BcryptEngine(Protocol):
    """Computes up to `lanes` hashes at once."""

    @property
    def name(self) -> str:
        """The value of the setting `password.engine`."""
        ...

    @property
    def lanes(self) -> int: ...

    def digests(self, work: int, inputs: Sequence[BcryptInput]) -> list[bytes]:
        """Return the digest of each input, 31 characters of bcrypt's alphabet.

        Each takes the time of one hash of cost `work`, which no input exceeds: rounds that a lower cost lacks are done
        too, so that the time does not reveal it.
        """
        ...


class EngineUnavailable(Exception):
    """This machine does not have an engine; the message states the reason, as the rest of a sentence."""


class InterleavedBcrypt:
    """Computes four hashes in a third of the time that they take one after the other (interleaved_bcrypt.c)."""

    name = "interleaved"
    lanes = MOST_LANES

    def __init__(self) -> None:
        """Raise EngineUnavailable if the extension is not installed."""
        try:
            self._extension = import_module("hexaccount_security._interleaved_bcrypt")
        except ImportError as error:
            raise EngineUnavailable(
                f"its extension in C cannot be imported ({error}); install a C compiler, then hexaccount again"
            ) from error

    def digests(self, work: int, inputs: Sequence[BcryptInput]) -> list[bytes]:
        lanes = tuple((each.cost, b64decode(each.salt.translate(_FROM_OURS) + b"=="), each.secret) for each in inputs)
        return [b64encode(raw).translate(_TO_OURS)[:31] for raw in self._extension.hash_lanes(work, lanes)]


class CryptBcrypt:
    """Calls crypt_rn of libxcrypt, one hash after the other."""

    name = "crypt"
    lanes = 1

    def __init__(self) -> None:
        """Raise EngineUnavailable if there is no such library."""
        self._crypt = _libcrypt()

    def digests(self, work: int, inputs: Sequence[BcryptInput]) -> list[bytes]:
        return _one_after_the_other(self._hash, work, inputs)

    def _hash(self, secret: bytes, setting: bytes) -> bytes:
        if b"\0" in secret:  # where libcrypt would stop
            return bcrypt.hashpw(secret, setting)
        hashed = self._crypt(secret, setting)
        if hashed is None:
            raise ValueError("libcrypt has no bcrypt")
        return hashed


class PackageBcrypt:
    """Calls the package `bcrypt`, one hash after the other."""

    name = "bcrypt"
    lanes = 1

    def digests(self, work: int, inputs: Sequence[BcryptInput]) -> list[bytes]:
        return _one_after_the_other(bcrypt.hashpw, work, inputs)


def _libcrypt() -> Callable[[bytes, bytes], bytes | None]:
    """Return crypt_rn of libxcrypt, which glibc's former libcrypt lacks."""
    import ctypes  # noqa: PLC0415 - it is slow to import, and rarely needed

    for name in ("libcrypt.so.2", "libcrypt.so.1"):
        with contextlib.suppress(OSError, AttributeError):
            crypt_rn = ctypes.CDLL(name).crypt_rn
            crypt_rn.restype = ctypes.c_char_p
            crypt_rn.argtypes = ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int
            size = _CRYPT_DATA_BYTES
            return lambda secret, setting: crypt_rn(secret, setting, ctypes.create_string_buffer(size), size)
    raise EngineUnavailable("there is no libcrypt with crypt_rn; install libxcrypt")


def _one_after_the_other(
    hashpw: Callable[[bytes, bytes], bytes], work: int, inputs: Sequence[BcryptInput]
) -> list[bytes]:
    found = []
    for each in inputs:
        found.append(hashpw(each.secret, each.setting)[-31:])
        for lower in range(each.cost, work):  # 2^cost and 2^cost + ... + 2^(work - 1) are 2^work
            hashpw(b"", BcryptInput(lower, each.salt, b"").setting)
    return found
