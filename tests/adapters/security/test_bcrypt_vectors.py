"""Hashes of other programs, published by their authors."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexaccount.passwords.ports import PasswordHasher, Verification
from hexaccount_security import BcryptHasher, HashingPool

patient = settings(deadline=None)  # the machine may be busy


@pytest.fixture(scope="module")
def hasher() -> Iterator[PasswordHasher]:
    pool = HashingPool(slots=1, queue=1)
    yield BcryptHasher(5, pool)
    pool.close()


@pytest.mark.parametrize(
    ("password", "stored"),
    [
        # passlib 1.7.4, its own tests of bcrypt_sha256
        ("", "$bcrypt-sha256$v=2,t=2b,r=5$E/e/2AOhqM5W/KJTFQzLce$WFPIZKtDDTriqWwlmRFfHiOTeheAZWe"),
        ("password", "$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS"),
        (
            "t\u00e1\u0411\u2113\u0259",
            "$bcrypt-sha256$v=2,t=2b,r=5$.US1fQ4TQS.ZTz/uJ5Kyn.$pzzgp40k8reM1CuQb03PvE0IDPQSdV6",
        ),
        ("abc123" * 12, "$bcrypt-sha256$v=2,t=2b,r=5$X1g1nh3g0v4h6970O68cxe$zu1cloESVFIOsUIo7fCEgkdHaI9SSue"),
        ("abc123" * 12 + "qwr", "$bcrypt-sha256$v=2,t=2b,r=5$X1g1nh3g0v4h6970O68cxe$CBF9csfEdW68xv3DwE6xSULXMtqEFP."),
        ("abc123" * 12 + "xyz", "$bcrypt-sha256$v=2,t=2b,r=5$X1g1nh3g0v4h6970O68cxe$zC/1UDUG2ofEXB6Onr2vvyFzfhEOS3S"),
    ],
)
def test_hashes_made_by_passlib_match_and_are_current(hasher: PasswordHasher, password: str, stored: str) -> None:
    assert hasher.verify(password, stored) == Verification(matches=True, outdated=False)
    assert not hasher.verify(password + "x", stored).matches


@pytest.mark.parametrize("ident", ["$2a$", "$2b$", "$2y$"])
@pytest.mark.parametrize(
    ("password", "stored"),
    [
        # crypt_blowfish and John the Ripper
        ("U*U", "05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*U", "05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        ("U*U*U*U*", "05$c92SVSfjeiCD6F2nAD6y0uBpJDjdRkt0EgeC4/31Rf2LUZbDRDE.O"),
        # the PHP manual, password_verify
        ("rasmuslerdorf", "07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq"),
    ],
)
def test_plain_bcrypt_hashes_match_and_are_outdated(
    hasher: PasswordHasher, password: str, stored: str, ident: str
) -> None:
    assert hasher.verify(password, ident + stored) == Verification(matches=True, outdated=True)
    assert not hasher.verify(password + "x", ident + stored).matches


def test_a_plain_hash_of_a_long_password_was_of_its_first_72_bytes(hasher: PasswordHasher) -> None:
    # crypt_blowfish
    stored = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert hasher.verify(alphabet + "0123456789chars after 72 are ignored", stored).matches
    assert not hasher.verify(alphabet + "012345678", stored).matches


def test_the_72_bytes_of_a_plain_hash_may_end_within_a_character(hasher: PasswordHasher) -> None:
    password = "x" + "é" * 50
    stored = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
    assert hasher.verify(password, stored).matches


def test_a_plain_salt_may_carry_bits_that_bcrypt_does_not_use(hasher: PasswordHasher) -> None:
    stored = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
    # "." to "M" are 0 to 14: the first two of their six bits are those of ".".
    assert hasher.verify("U*U", stored.replace("CC.E5", "CCME5")).matches
    assert not hasher.verify("U*U", stored.replace("CC.E5", "CCOE5")).matches


@patient
@given(password=st.text(max_size=200))
def test_what_is_stored_is_bcrypt_of_base64_of_an_hmac_keyed_by_the_salt(hasher: PasswordHasher, password: str) -> None:
    _, scheme, parameters, salt, digest = hasher.hash(password).split("$")
    assert (scheme, parameters) == ("bcrypt-sha256", "v=2,t=2b,r=5")
    # RFC 2104, written out
    block = salt.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + password.encode())
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner.digest())
    assert bcrypt.checkpw(b64encode(outer.digest()), f"$2b$05${salt}{digest}".encode())
