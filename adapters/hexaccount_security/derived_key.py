import hmac


def derived_key(secret: bytes, purpose: str) -> bytes:
    """Return a key of 32 bytes for one purpose, from which neither the secret nor the key of another can be told.

    The step "expand" of HKDF-SHA256 (RFC 5869). What access tokens sign never holds a space, as purposes do: no
    signature is a key.
    """
    return hmac.digest(secret, f"hexaccount: {purpose}".encode() + b"\x01", "sha256")
