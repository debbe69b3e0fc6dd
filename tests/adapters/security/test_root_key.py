from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from secrets import randbelow, token_hex, token_urlsafe
from uuid import uuid4

import jwt
import pytest

from hexaccount.bootstrap.settings import SettingsError
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.sessions.ports import AccessClaims
from hexaccount_security import EncryptedKeyFactory, JwtIssuer, KeyRing, root_key
from tests.adapters.security.key_pairs import MAKERS, pem
from tests.signing_key import SIGNING_KEY

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAIRS = ["EdDSA", "ES256", "RS256"]


@pytest.mark.parametrize("algorithm", PAIRS)
def test_the_published_key_verifies_a_token(algorithm: str) -> None:
    ring = KeyRing(EncryptedKeyFactory(root_key(pem(algorithm), algorithm)))
    ids = {name: uuid4() for name in ("token_id", "user_id", "session_id")}
    issuer = JwtIssuer(ring, issuer="i", audience="a", client_id="c")
    token = issuer.issue(AccessClaims(**ids, issued_at=NOW, expires_at=NOW + timedelta(days=36500), epoch=0))
    (published,) = ring.published(NOW)
    options = {"verify_nbf": False, "verify_iat": False}
    read = jwt.decode_complete(token, jwt.PyJWK(dict(published)), [algorithm], options, audience="a", issuer="i")
    assert read["header"] == {"alg": algorithm, "kid": published["kid"], "typ": "at+jwt"}
    assert read["payload"]["sub"] == str(ids["user_id"])


def test_a_secret_is_not_published() -> None:
    assert KeyRing(EncryptedKeyFactory(root_key(SIGNING_KEY.encode()))).published(NOW) == []


def test_the_kid_of_a_key_pair_is_its_thumbprint_of_rfc_7638() -> None:
    from hexaccount_security.private_key import PrivateKey

    der = "302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    pair = PrivateKey.from_secret(bytes.fromhex(der), "EdDSA")
    assert pair.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # RFC 8037, A.3


@pytest.mark.parametrize("algorithm", PAIRS)
@pytest.mark.parametrize("kind", MAKERS)
def test_a_key_of_another_algorithm_is_an_error_with_the_remedy(algorithm: str, kind: str) -> None:
    settings = {"HEXACCOUNT_JWT__ALGORITHM": algorithm, "HEXACCOUNT_JWT__KEY": pem(kind).decode()}
    if kind == algorithm:
        assert load_settings(None, settings).jwt.algorithm == algorithm
        return
    with pytest.raises(SettingsError, match=rf"jwt\.key cannot be used: .*{algorithm} needs .*openssl genpkey"):
        load_settings(None, settings)


@pytest.mark.parametrize(
    "key",
    ["k" * 40, pem("EdDSA").decode()[:-30], pem("EdDSA", b"passphrase").decode(), "-----BEGIN PRIVATE KEY-----"],
    ids=["a text", "cut off", "encrypted", "only a beginning"],
)
def test_an_unreadable_private_key_is_an_error_that_does_not_repeat_it(key: str) -> None:
    with pytest.raises(SettingsError, match=r"jwt\.key") as refusal:
        load_settings(None, {"HEXACCOUNT_JWT__ALGORITHM": "EdDSA", "HEXACCOUNT_JWT__KEY": key.ljust(32)})
    assert key[40:60] not in str(refusal.value) or not key[40:60]


def test_an_algorithm_of_key_pairs_without_a_key_is_an_error_with_both_remedies() -> None:
    with pytest.raises(SettingsError, match=r"as jwt\.key; or .* `hexaccount keys add --algorithm ES256`"):
        load_settings(None, {"HEXACCOUNT_JWT__ALGORITHM": "ES256"})


def test_a_key_pair_is_not_accepted_as_an_hs256_secret() -> None:
    with pytest.raises(ValueError, match=r"jwt\.key cannot be used: it is a key for another algorithm"):
        root_key(pem("EdDSA"))


@pytest.mark.parametrize(
    "key",
    [
        *("k" * 40, "ab" * 32, "secret" * 10, "0123456789abcdef" * 2),
        *("".join(map(chr, range(48, 112))), "".join(map(chr, range(126, 62, -2)))),
        *("abcdefghijklmnopqrstuvwxyz0123456789", "qponmlkjihgfedcba9876543210ZYXWVUTSRQPONM"),
    ],
)
def test_a_secret_that_is_a_repetition_or_a_sequence_is_an_error_with_the_remedy(key: str) -> None:
    reason = r"jwt\.key cannot be used: it is a repetition or a sequence"
    with pytest.raises(ValueError, match=rf"{reason}; .*secrets\.token_urlsafe") as refusal:
        root_key(key.encode())
    assert key not in str(refusal.value)
    with pytest.raises(SettingsError, match=f"^{reason}"):
        load_settings(None, {"HEXACCOUNT_JWT__KEY": key})
    replaced = {"HEXACCOUNT_PERSONAL_DATA__PREVIOUS_KEY": key, "HEXACCOUNT_JWT__KEY": SIGNING_KEY}
    assert load_settings(None, replaced).personal_data.previous_key == key, "such a key could not be replaced"


@pytest.mark.parametrize("make", [lambda: token_hex(16), lambda: token_urlsafe(24), lambda: f"{randbelow(10**32):032}"])
def test_short_random_secrets_of_few_characters_are_accepted(make: Callable[[], str]) -> None:
    for _ in range(1000):
        root_key(make().encode())


def test_stored_keys_stay_readable_if_only_the_line_endings_of_the_pem_change() -> None:
    one, other = (root_key(text, "ES256") for text in (pem("ES256"), pem("ES256").replace(b"\n", b"\r\n")))
    assert one.kid == other.kid
    sealed = EncryptedKeyFactory(one).make("EdDSA")
    assert EncryptedKeyFactory(other)._envelope.decrypt(sealed.sealed, name=f"EdDSA {sealed.kid}")
