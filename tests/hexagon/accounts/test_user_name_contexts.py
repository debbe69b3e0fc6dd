"""Rules of RFC 5892 and RFC 5893 on characters that depend on their neighbours."""

import pytest

from hexaccount.accounts.names import UserName
from hexaccount.kernel.errors import InvalidValue

DEVANAGARI_KA_VIRAMA = "\u0915\u094d"


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        pytest.param(DEVANAGARI_KA_VIRAMA + "\u200d\u0937", True, id="joiner-after-virama"),
        pytest.param(DEVANAGARI_KA_VIRAMA + "\u200c\u0937", True, id="non-joiner-after-virama"),
        pytest.param("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", True, id="non-joiner-in-persian"),
        pytest.param("\u0627\u200c\u0631", False, id="non-joiner-after-a-letter-that-does-not-join"),
        pytest.param("\U00017000\u200ca", False, id="non-joiner-after-a-letter-without-a-name"),
        pytest.param("a\u200db", False, id="joiner-elsewhere"),
        pytest.param("\u200ca", False, id="non-joiner-first"),
        pytest.param("paral\u00b7lel", True, id="middle-dot-between-ls"),
        pytest.param("PARAL\u00b7LEL", True, id="middle-dot-between-capital-ls"),
        pytest.param("a\u00b7b", False, id="middle-dot-elsewhere"),
        pytest.param("l\u00b7", False, id="middle-dot-last"),
        pytest.param("\u0375\u03b1", True, id="keraia-before-greek"),
        pytest.param("\u0375a", False, id="keraia-before-latin"),
        pytest.param("\u03b1\u0375", False, id="keraia-last"),
        pytest.param("\u05d0\u05f3", True, id="geresh-after-hebrew"),
        pytest.param("\u05d0\u05f4", True, id="gershayim-after-hebrew"),
        pytest.param("\u05f3\u05d0", False, id="geresh-first"),
        pytest.param("\u30a2\u30fb\u30a4", True, id="katakana-dot-in-katakana"),
        pytest.param("\u6f22\u30fb\u5b57", True, id="katakana-dot-in-han"),
        pytest.param("a\u30fbb", False, id="katakana-dot-in-latin"),
        pytest.param("\u30fb", False, id="katakana-dot-alone"),
        pytest.param("\u0627\u0661", True, id="arabic-indic-digits"),
        pytest.param("\u0627\u06f1", True, id="extended-arabic-indic-digits"),
        pytest.param("\u0627\u0661\u06f1", False, id="both-kinds-of-arabic-digits"),
    ],
)
def test_a_contextual_character_is_accepted_only_in_its_context(text: str, allowed: bool) -> None:
    if allowed:
        assert UserName(text)
    else:
        with pytest.raises(InvalidValue):
            UserName(text)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        pytest.param("\u05d0\u05d1\u05d2", True, id="hebrew"),
        pytest.param("\u0627\u0628", True, id="arabic"),
        pytest.param("\u05d01", True, id="ends-in-a-digit"),
        pytest.param("\u05d0-\u05d1", True, id="neutral-inside"),
        pytest.param("\u05d0\u05b8", True, id="ends-in-a-mark-after-a-letter"),
        pytest.param("1\u05d0", False, id="begins-with-a-digit"),
        pytest.param("\u0661\u0627", False, id="begins-with-an-arabic-digit"),
        pytest.param("\u05d0a", False, id="ends-in-latin"),
        pytest.param("a\u05d0", False, id="begins-with-latin"),
        pytest.param("\u05d0a\u05d1", False, id="latin-inside"),
        pytest.param("\u05d0-", False, id="ends-in-a-neutral"),
        pytest.param("\u06271\u0661", False, id="european-and-arabic-digits"),
    ],
)
def test_a_right_to_left_name_must_follow_the_bidi_rule_of_rfc_5893(text: str, allowed: bool) -> None:
    if allowed:
        assert UserName(text)
    else:
        with pytest.raises(InvalidValue):
            UserName(text)
