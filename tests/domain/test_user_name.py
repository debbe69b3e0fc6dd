import pytest

from hexaccount.accounts.names import UserName
from hexaccount.kernel.errors import InvalidValue

DEVANAGARI_KA_VIRAMA = "\u0915\u094d"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("juliet", "juliet"),
        ("fussball", "fussball"),
        ("fu\u00dfball", "fu\u00dfball"),
        ("\u03c0", "\u03c0"),
        ("\u03a3", "\u03c3"),
        ("\u03c3", "\u03c3"),
        ("\u03c2", "\u03c2"),
    ],
)
def test_the_user_names_that_rfc_8265_gives_as_examples_are_accepted(text: str, key: str) -> None:
    assert UserName(text).key == key


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("foo bar", id="space"),
        pytest.param("", id="zero-length"),
        pytest.param("henry\u2163", id="roman-numeral-four"),
        pytest.param("\u265a", id="black-chess-king"),
    ],
)
def test_the_user_names_that_rfc_8265_gives_as_counter_examples_are_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        UserName(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("fussball", "fu\u00dfball"), ("\u03c3", "\u03c2"), ("juliet", "juliet2"), ("a", "\u0430")],
)
def test_names_that_rfc_8265_keeps_apart_have_different_keys(one: str, other: str) -> None:
    assert UserName(one) != UserName(other)


@pytest.mark.parametrize(
    "text", ["juliet@example.com", "@", "juliet\uff20example.com", "juliet\ufe6bexample.com"], ids=ascii
)
def test_a_user_name_holds_no_at_sign(text: str) -> None:
    with pytest.raises(InvalidValue):
        UserName(text)


@pytest.mark.parametrize(
    "text",
    [
        "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "0190A1B2-C3D4-7E5F-8A9B-0C1D2E3F4A5B",
        "0190a1b2c3d47e5f8a9b0c1d2e3f4a5b",
        "00000000-0000-0000-0000-000000000000",
        "\uff10190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
    ],
    ids=ascii,
)
def test_a_user_name_is_never_a_uuid(text: str) -> None:
    with pytest.raises(InvalidValue, match="UUID"):
        UserName(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("tab\tbed", id="control"),
        pytest.param("nul\0", id="nul"),
        pytest.param("a\u200bb", id="zero-width-space"),
        pytest.param("a\u202eb", id="right-to-left-override"),
        pytest.param("a\u00adb", id="soft-hyphen"),
        pytest.param("a\u00a0b", id="no-break-space"),
        pytest.param("a\u3000b", id="ideographic-space"),
        pytest.param("\ud800", id="lone-surrogate"),
        pytest.param("\ue000", id="private-use"),
        pytest.param("\u0378", id="unassigned"),
        pytest.param("\ufb01", id="ligature"),
        pytest.param("a\u0640b", id="tatweel"),
        pytest.param("\u1100", id="conjoining-jamo"),
        pytest.param("\u115f", id="hangul-filler"),
        pytest.param("\u3164", id="compatibility-hangul-filler"),
        pytest.param("a\u034fb", id="grapheme-joiner"),
    ],
)
def test_what_the_identifier_class_forbids_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        UserName(text)


@pytest.mark.parametrize("text", ["jos\u00e9", "\u5f20\u4e09", "\u0928\u092e\u0938\u094d\u0924\u0947", "a.b_c-d", "!"])
def test_letters_digits_and_ascii_punctuation_of_any_script_are_accepted(text: str) -> None:
    assert UserName(text).text == text


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        pytest.param(DEVANAGARI_KA_VIRAMA + "\u200d\u0937", True, id="joiner-after-virama"),
        pytest.param(DEVANAGARI_KA_VIRAMA + "\u200c\u0937", True, id="non-joiner-after-virama"),
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
def test_a_name_written_from_right_to_left_keeps_the_bidi_rule_of_rfc_5893(text: str, allowed: bool) -> None:
    if allowed:
        assert UserName(text)
    else:
        with pytest.raises(InvalidValue):
            UserName(text)


def test_a_user_name_has_at_most_64_characters() -> None:
    assert len(UserName("x" * 64).text) == 64
    with pytest.raises(InvalidValue, match="at most 64"):
        UserName("x" * 65)


def test_a_user_name_whose_key_grows_beyond_64_characters_is_refused() -> None:
    with pytest.raises(InvalidValue, match="at most 64"):
        UserName("\u0958" * 33)


def test_a_refusal_never_repeats_the_text() -> None:
    with pytest.raises(InvalidValue) as refusal:
        UserName("secret\u265aname")
    assert "secret" not in str(refusal.value)


def test_a_user_name_keeps_the_case_of_its_owner() -> None:
    name = UserName("Juliet")
    assert (name.text, name.key, str(name)) == ("Juliet", "juliet", "Juliet")


def test_a_user_name_is_kept_composed_and_in_its_usual_width() -> None:
    assert UserName("Jose\u0301").text == "Jos\u00e9"
    assert UserName("\uff2auliet").text == "Juliet"


def test_a_restored_user_name_is_the_one_that_was_stored() -> None:
    name = UserName("Juliet")
    restored = UserName.restore(name.text, name.key)
    assert (restored, restored.text) == (name, name.text)


@pytest.mark.parametrize("mark", ["\ufe0f", "\ufe00", "\U000e0100", "\u180b"], ids=ascii)
def test_an_invisible_variation_selector_is_refused(mark: str) -> None:
    with pytest.raises(InvalidValue):
        UserName("juliet" + mark)


@pytest.mark.parametrize(
    "text",
    [
        "{0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b}",
        "urn:uuid:0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "0190-a1b2c3d47e5f8a9b0c1d2e3f4a5b",
    ],
)
def test_a_name_that_only_resembles_a_uuid_is_a_name(text: str) -> None:
    assert UserName(text).text == text
