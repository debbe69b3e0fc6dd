import json
import string
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha512
from uuid import UUID

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexaccount.sessions.ports import AccessClaims, InvalidToken, TokenIssuer
from hexaccount_security import EncryptedKeyFactory, JwtIssuer, KeyRing, root_key
from tests.adapters.security.key_pairs import pem

patient = settings(deadline=None)  # the machine may be busy

KEY = sha512(b"a key").digest()
ALGORITHMS = ("HS256", "EdDSA", "ES256", "RS256")
SEEDS = {"HS256": KEY} | {algorithm: pem(algorithm) for algorithm in ALGORITHMS[1:]}
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@cache
def issuer_with(key: bytes = KEY, algorithm: str = "HS256") -> TokenIssuer:
    return JwtIssuer(
        KeyRing(EncryptedKeyFactory(root_key(key, algorithm))),
        issuer="https://accounts.example",
        audience="https://api.example",
        client_id="hexaccount",
    )


ISSUER = issuer_with()
CLAIMS = AccessClaims(
    token_id=UUID("019ab000-0000-7000-8000-00000000000a"),
    user_id=UUID("019ab000-0000-7000-8000-00000000000b"),
    session_id=UUID("019ab000-0000-7000-8000-00000000000c"),
    issued_at=NOW,
    expires_at=NOW + timedelta(minutes=15),
    epoch=3,
)
TOKEN = ISSUER.issue(CLAIMS)


def whole_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


FIRST, LAST = datetime(1971, 1, 1), datetime(9990, 1, 1)  # noqa: DTZ001 - Hypothesis needs its bounds without a zone
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC)).map(whole_milliseconds)
lifetimes = st.integers(2_000, 10**9).map(lambda milliseconds: timedelta(milliseconds=milliseconds))


@st.composite
def any_claims(draw: st.DrawFn) -> AccessClaims:
    issued_at = draw(moments)
    return AccessClaims(
        token_id=draw(st.uuids()),
        user_id=draw(st.uuids()),
        session_id=draw(st.uuids()),
        issued_at=issued_at,
        expires_at=issued_at + draw(lifetimes),
        epoch=draw(st.integers(0, 2**31)),
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@patient
@given(claims=any_claims())
def test_a_token_contains_its_claims_with_times_rounded_down_to_seconds(algorithm: str, claims: AccessClaims) -> None:
    issuer = issuer_with(SEEDS[algorithm], algorithm)
    assert issuer.verify(issuer.issue(claims), now=claims.issued_at) == AccessClaims(
        token_id=claims.token_id,
        user_id=claims.user_id,
        session_id=claims.session_id,
        issued_at=claims.issued_at.replace(microsecond=0),
        expires_at=claims.expires_at.replace(microsecond=0),
        epoch=claims.epoch,
    )


@patient
@given(claims=any_claims(), late=st.integers(0, 10**6))
def test_a_token_never_outlives_its_claims(claims: AccessClaims, late: int) -> None:
    with pytest.raises(InvalidToken, match="expired"):
        ISSUER.verify(ISSUER.issue(claims), now=claims.expires_at + timedelta(milliseconds=late))


@patient
@given(claims=any_claims())
def test_pyjwt_decodes_the_token_as_rfc_9068_specifies_it(claims: AccessClaims) -> None:
    read = jwt.decode_complete(
        ISSUER.issue(claims),
        KEY,
        algorithms=["HS256"],
        audience="https://api.example",
        issuer="https://accounts.example",
        options={"verify_exp": False, "verify_iat": False, "enforce_minimum_key_length": True},
    )
    kid = read["header"].pop("kid")
    assert read["header"] == {"alg": "HS256", "typ": "at+jwt"}
    assert len(kid) == 12
    assert read["payload"] == {
        "iss": "https://accounts.example",
        "aud": "https://api.example",
        "exp": int(claims.expires_at.timestamp()),
        "iat": int(claims.issued_at.timestamp()),
        "jti": str(claims.token_id),
        "typ": "access",
        "sub": str(claims.user_id),
        "sid": str(claims.session_id),
        "client_id": "hexaccount",
        "epoch": claims.epoch,
    }


def test_a_token_is_invalid_from_the_second_of_its_expiry_on() -> None:
    assert ISSUER.verify(TOKEN, now=CLAIMS.expires_at - timedelta(milliseconds=1)) == CLAIMS
    with pytest.raises(InvalidToken, match="expired"):
        ISSUER.verify(TOKEN, now=CLAIMS.expires_at)


@pytest.mark.parametrize("behind", [timedelta(seconds=2), timedelta(minutes=2), timedelta(days=1)])
def test_a_token_is_valid_at_once_where_the_clock_is_behind(behind: timedelta) -> None:
    assert ISSUER.verify(TOKEN, now=NOW - behind) == CLAIMS


@patient
@given(position=st.integers(0, len(TOKEN) - 1), character=st.sampled_from(string.printable) | st.characters())
def test_a_token_with_one_character_changed_is_refused(position: int, character: str) -> None:
    changed = TOKEN[:position] + character + TOKEN[position + 1 :]
    if changed != TOKEN:
        with pytest.raises(InvalidToken):
            ISSUER.verify(changed, now=NOW)


def test_a_signature_that_differs_only_in_its_unused_bits_is_refused() -> None:
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    twin = TOKEN[:-1] + alphabet[alphabet.index(TOKEN[-1]) ^ 1]
    signature, other = (urlsafe_b64decode(token.rpartition(".")[2] + "=") for token in (TOKEN, twin))
    assert signature == other
    with pytest.raises(InvalidToken, match="signature"):
        ISSUER.verify(twin, now=NOW)


@patient
@given(start=st.integers(0, len(TOKEN)), stop=st.integers(0, len(TOKEN)), put=st.text(max_size=3))
def test_a_token_with_text_removed_or_inserted_is_refused(start: int, stop: int, put: str) -> None:
    changed = TOKEN[:start] + put + TOKEN[max(start, stop) :]
    if changed != TOKEN:
        with pytest.raises(InvalidToken):
            ISSUER.verify(changed, now=NOW)


@patient
@given(
    text=st.text(st.characters())
    | st.from_regex(r"\A[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){0,5}\Z")
    | st.binary().map(lambda junk: junk.decode("latin-1"))
    | st.binary().map(lambda junk: junk.decode("utf-8", "surrogateescape"))
    | st.text(st.characters()).map(lambda junk: TOKEN.partition(".")[0] + "." + junk)
)
def test_no_text_raises_anything_but_invalid_token(text: str) -> None:
    with pytest.raises(InvalidToken) as refusal:
        ISSUER.verify(text, now=NOW)
    assert len(text) < 10 or text not in str(refusal.value)


@patient
@given(junk=st.binary())
def test_bytes_are_not_accepted_as_a_token(junk: bytes) -> None:
    for given_bytes in (junk, TOKEN.encode()):
        with pytest.raises(InvalidToken):
            ISSUER.verify(given_bytes, now=NOW)


@pytest.mark.parametrize("length", [8193, 10**7])
@pytest.mark.parametrize("padding", ["A", ".", "é", "A."])
def test_a_token_that_is_too_long_is_refused(padding: str, length: int) -> None:
    with pytest.raises(InvalidToken, match="too long"):
        ISSUER.verify((padding * length)[:length], now=NOW)


def test_a_secret_shorter_than_the_hash_is_an_error_with_the_remedy() -> None:
    issuer = issuer_with(KEY[:32])
    assert issuer.verify(issuer.issue(CLAIMS), now=NOW) == CLAIMS
    for length in (0, 1, 31):
        with pytest.raises(ValueError, match=rf"jwt\.key .* has {length} bytes.* at least 32; make") as refusal:
            issuer_with(KEY[:length])
        assert not length or repr(KEY[:length]) not in str(refusal.value)


@pytest.mark.parametrize(
    "key",
    [
        b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA" + b"A" * 32 + b"\n-----END PUBLIC KEY-----\n",
        b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + b"A" * 32,
        json.dumps({"kty": "oct", "k": "A" * 43}).encode(),
        SEEDS["EdDSA"],
    ],
)
def test_a_key_for_another_algorithm_is_not_accepted_as_a_secret(key: bytes) -> None:
    with pytest.raises(ValueError, match=r"jwt\.key cannot be used"):
        issuer_with(key)


@pytest.mark.parametrize("algorithm", ["none", "None", "hs256", "", "HS384", "PS256", "ES512", "HS1"])
def test_an_unknown_algorithm_is_an_error_with_the_remedy(algorithm: str) -> None:
    with pytest.raises(ValueError, match=r"jwt\.algorithm is .*; set it to one of HS256, EdDSA, ES256, RS256"):
        issuer_with(algorithm=algorithm)


def test_the_kid_differs_between_keys_and_is_the_same_in_every_process() -> None:
    def kid(key: bytes) -> str:
        return str(jwt.get_unverified_header(issuer_with(key).issue(CLAIMS))["kid"])

    assert kid(KEY) == kid(KEY) == "t5UgOBEH3A_e"
    assert kid(KEY[::-1]) != kid(KEY)


def test_the_order_of_claims_and_unknown_claims_do_not_matter() -> None:
    header, body, _ = TOKEN.split(".")
    claims = json.loads(urlsafe_b64decode(body + "=="))
    later = dict(reversed(claims.items())) | {"of_a_later_version": [1, {"a": None}]}
    token = jwt.encode(later, KEY, "HS256", headers=jwt.get_unverified_header(TOKEN))
    assert token.startswith(header + ".")
    assert ISSUER.verify(token, now=NOW) == CLAIMS
