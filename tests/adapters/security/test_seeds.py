from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest

from hexaccount.bootstrap.settings import SettingsError
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.sessions.ports import AccessClaims
from hexaccount_security import JwtIssuer, KeyRing, SealingSmith, seed_key
from tests.adapters.security.key_pairs import MAKERS, pem

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAIRS = ["EdDSA", "ES256", "RS256"]


@pytest.mark.parametrize("algorithm", PAIRS)
def test_anybody_with_the_published_key_can_check_a_token(algorithm: str) -> None:
    ring = KeyRing(SealingSmith(seed_key(pem(algorithm), algorithm)))
    ids = {name: uuid4() for name in ("token_id", "user_id", "session_id")}
    issuer = JwtIssuer(ring, issuer="i", audience="a", client_id="c")
    token = issuer.issue(AccessClaims(**ids, issued_at=NOW, expires_at=NOW + timedelta(days=36500), epoch=0))
    (published,) = ring.published(NOW)
    options = {"verify_nbf": False, "verify_iat": False}
    read = jwt.decode_complete(token, jwt.PyJWK(dict(published)), [algorithm], options, audience="a", issuer="i")
    assert read["header"] == {"alg": algorithm, "kid": published["kid"], "typ": "at+jwt"}
    assert read["payload"]["sub"] == str(ids["user_id"])


def test_a_secret_is_not_published() -> None:
    assert KeyRing(SealingSmith(seed_key(b"k" * 32))).published(NOW) == []


def test_the_name_of_a_pair_is_the_thumbprint_of_rfc_7638() -> None:
    from hexaccount_security.private_key import PrivateKey

    der = "302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    pair = PrivateKey.of_secret(bytes.fromhex(der), "EdDSA")
    assert pair.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # RFC 8037, A.3


@pytest.mark.parametrize("algorithm", PAIRS)
@pytest.mark.parametrize("kind", MAKERS)
def test_a_key_of_another_kind_than_the_algorithm_needs_is_refused_with_the_remedy(algorithm: str, kind: str) -> None:
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
def test_what_is_no_open_private_key_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(SettingsError, match=r"jwt\.key") as refusal:
        load_settings(None, {"HEXACCOUNT_JWT__ALGORITHM": "EdDSA", "HEXACCOUNT_JWT__KEY": key.ljust(32)})
    assert key[40:60] not in str(refusal.value) or not key[40:60]


def test_an_algorithm_of_key_pairs_without_a_key_names_both_ways() -> None:
    with pytest.raises(SettingsError, match=r"as jwt\.key; or .* `hexaccount keys add --algorithm ES256`"):
        load_settings(None, {"HEXACCOUNT_JWT__ALGORITHM": "ES256"})


def test_a_key_pair_under_the_algorithm_of_secrets_is_refused() -> None:
    with pytest.raises(ValueError, match=r"jwt\.key cannot be used: it is a key of another kind"):
        seed_key(pem("EdDSA"))


def test_keys_stay_readable_when_the_text_of_the_pem_is_only_laid_out_anew() -> None:
    one, other = (seed_key(text, "ES256") for text in (pem("ES256"), pem("ES256").replace(b"\n", b"\r\n")))
    assert one.kid == other.kid
    sealed = SealingSmith(one).make("EdDSA")
    assert SealingSmith(other)._seal.open(sealed.sealed, name=f"EdDSA {sealed.kid}")
