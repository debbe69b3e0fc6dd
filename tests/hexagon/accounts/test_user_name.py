import pytest

from hexaccount.accounts.names import UserName
from hexaccount.kernel.errors import InvalidValue


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
def test_names_that_rfc_8265_distinguishes_have_different_keys(one: str, other: str) -> None:
    assert UserName(one) != UserName(other)


@pytest.mark.parametrize(
    "text", ["juliet@example.com", "@", "juliet\uff20example.com", "juliet\ufe6bexample.com"], ids=ascii
)
def test_an_at_sign_in_a_user_name_is_refused(text: str) -> None:
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
def test_characters_outside_the_identifier_class_are_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        UserName(text)


@pytest.mark.parametrize("text", ["jos\u00e9", "\u5f20\u4e09", "\u0928\u092e\u0938\u094d\u0924\u0947", "a.b_c-d", "!"])
def test_letters_digits_and_ascii_punctuation_of_any_script_are_accepted(text: str) -> None:
    assert UserName(text).text == text


def test_a_user_name_has_at_most_64_characters() -> None:
    assert len(UserName("x" * 64).text) == 64
    with pytest.raises(InvalidValue, match="at most 64"):
        UserName("x" * 65)


def test_a_user_name_whose_key_grows_beyond_64_characters_is_refused() -> None:
    with pytest.raises(InvalidValue, match="at most 64"):
        UserName("\u0958" * 33)


def test_the_error_does_not_repeat_the_text() -> None:
    with pytest.raises(InvalidValue) as refusal:
        UserName("secret\u265aname")
    assert "secret" not in str(refusal.value)


def test_a_user_name_keeps_the_entered_case() -> None:
    name = UserName("Juliet")
    assert (name.text, name.key, str(name)) == ("Juliet", "juliet", "Juliet")


def test_a_user_name_is_stored_composed_and_in_standard_width() -> None:
    assert UserName("Jose\u0301").text == "Jos\u00e9"
    assert UserName("\uff2auliet").text == "Juliet"


def test_a_restored_user_name_equals_the_stored_one() -> None:
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
def test_a_name_that_only_resembles_a_uuid_is_accepted(text: str) -> None:
    assert UserName(text).text == text


def test_the_length_is_checked_before_the_characters() -> None:
    """Rules of context look at the whole name for each character, which took 24 ms for 256 of them."""
    with pytest.raises(InvalidValue, match="at most 64"):
        UserName("\u00b7" * 65)
