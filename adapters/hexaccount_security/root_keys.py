from hexaccount_security.hmac_key import HmacKey
from hexaccount_security.token_key import TokenKey

_REMEDY = "make a random one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"


def root_key(text: bytes, algorithm: str = "HS256") -> TokenKey:
    """Return the key of the settings `jwt.key` and `jwt.algorithm`; raises ValueError with the remedy."""
    if algorithm == "HS256":
        try:
            return HmacKey(text)
        except ValueError as error:
            raise ValueError(f"jwt.key cannot be used: {error}; {_REMEDY}") from None
    if algorithm not in {"EdDSA", "ES256", "RS256"}:
        raise ValueError(f"jwt.algorithm is {algorithm!r}; set it to one of HS256, EdDSA, ES256, RS256")
    from hexaccount_security.private_key import PrivateKey  # noqa: PLC0415 - `cryptography` is slow to import

    try:
        return PrivateKey.from_pem(text, algorithm)
    except ValueError as error:
        raise ValueError(f"jwt.key cannot be used: {error}") from None
