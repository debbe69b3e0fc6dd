import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Self

_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """What we and a receiver know, and nobody else."""

    key: bytes = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the secret of `whsec_…`; raises ValueError, with the remedy and without the text, for none."""
        try:
            key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not text.startswith(_PREFIX) or not 24 <= len(key) <= 64:
            raise ValueError(
                f"a secret is {_PREFIX} and 24 to 64 random bytes in base64; make one with: python -c 'import base64, "
                f'secrets; print("{_PREFIX}" + base64.b64encode(secrets.token_bytes(32)).decode())\''
            )
        return cls(key)

    def signature(self, message_id: str, timestamp: int, body: bytes) -> str:
        """Return the signature of a message, of the version `v1`."""
        signed = hmac.digest(self.key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
        return "v1," + base64.b64encode(signed).decode()
