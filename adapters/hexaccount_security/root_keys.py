from hexaccount.kernel.secret_strength import bytes_held
from hexaccount_security.hmac_key import MIN_BYTES, HmacKey
from hexaccount_security.token_key import TokenKey

_REMEDY = "make a random one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"


def root_key(text: bytes, algorithm: str = "HS256", *, former: bool = False) -> TokenKey:
    """Return the key of the settings `jwt.key` and `jwt.algorithm`; raises ValueError with the remedy.

    former: whether it is only to read what it has encrypted; then it may be easy to guess, as that is why it changes.
    """
    if algorithm == "HS256":
        try:
            key = HmacKey(text)
        except ValueError as error:
            raise ValueError(f"jwt.key cannot be used: {error}; {_REMEDY}") from None
        # Random digits, too, stay above this bound.
        if not former and bytes_held(text) < MIN_BYTES:
            raise ValueError(f"jwt.key cannot be used: it is a repetition or a sequence; {_REMEDY}")
        return key
    if algorithm not in {"EdDSA", "ES256", "RS256"}:
        raise ValueError(f"jwt.algorithm is {algorithm!r}; set it to one of HS256, EdDSA, ES256, RS256")
    from hexaccount_security.private_key import PrivateKey  # noqa: PLC0415 - `cryptography` is slow to import

    try:
        return PrivateKey.from_pem(text, algorithm)
    except ValueError as error:
        raise ValueError(f"jwt.key cannot be used: {error}") from None
