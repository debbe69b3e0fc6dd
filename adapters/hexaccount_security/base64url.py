"""Base64 as JOSE uses it (RFC 7515, 2): URL alphabet, no padding; and canonical: one spelling for each byte string."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(data: bytes) -> str:
    """Return `data` in base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes of `text`; raises ValueError for any spelling that `encode` does not produce."""
    data = urlsafe_b64decode(text + "==")
    if encode(data) != text:
        raise ValueError("this is not canonical base64url")
    return data
