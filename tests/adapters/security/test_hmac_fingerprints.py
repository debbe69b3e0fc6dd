import hmac
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from hexaccount_security import HmacFingerprints, base64url
from hexaccount_security.derived_key import derived_key

SECRET = b"a secret of the deployment, long"
FINGERPRINTS = HmacFingerprints(SECRET)

TEXTS = st.lists(st.none() | st.text(st.characters()), max_size=4)


@given(texts=TEXTS, others=TEXTS)
def test_a_fingerprint_is_that_of_the_same_texts_only(texts: list[str | None], others: list[str | None]) -> None:
    same = FINGERPRINTS.of("purpose", texts) == FINGERPRINTS.of("purpose", others)
    assert same == (texts == others)


def test_the_boundaries_between_texts_matter() -> None:
    cut = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["abc", None], ["", "abc"], ['a", "b', "c"], []]
    for one, other in combinations(cut, 2):
        assert FINGERPRINTS.of("purpose", one) != FINGERPRINTS.of("purpose", other)


def test_a_fingerprint_depends_on_secret_and_purpose() -> None:
    found = FINGERPRINTS.of("purpose", ["text"])
    assert HmacFingerprints(SECRET + b".").of("purpose", ["text"]) != found
    assert FINGERPRINTS.of("another purpose", ["text"]) != found
    assert HmacFingerprints(SECRET).of("purpose", ["text"]) == found


def test_a_fingerprint_is_the_hmac_of_the_texts() -> None:
    key = derived_key(SECRET, "fingerprint of purpose")
    expected = hmac.digest(key, b"['text', None, '\\u0142']", "sha256")
    assert base64url.decode(FINGERPRINTS.of("purpose", ["text", None, "ł"])) == expected


def test_a_fingerprint_reveals_nothing_and_is_short() -> None:
    found = FINGERPRINTS.of("purpose", ["text", None])
    assert (len(found), found.isascii()) == (43, True)
    assert "text" not in found
