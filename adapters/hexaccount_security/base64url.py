"""Base64 as JOSE writes it: the URL alphabet, no padding, and one spelling for each byte string."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(data: bytes) -> str:
    """Return `data` as text."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Return what `text` says; raises ValueError for any spelling that `encode` does not write."""
    data = urlsafe_b64decode(text + "==")
    if encode(data) != text:
        raise ValueError("this is not the one spelling in base64url")
    return data
