import hmac


def derived_key(secret: bytes, purpose: str) -> bytes:
    """Return a key of 32 bytes for one purpose; it reveals neither the secret nor the key of another purpose.

    This is the step "expand" of HKDF-SHA256 (RFC 5869). The input of a token's signature contains no space, unlike
    this one, so no signature equals a derived key.
    """
    return hmac.digest(secret, f"hexaccount: {purpose}".encode() + b"\x01", "sha256")
