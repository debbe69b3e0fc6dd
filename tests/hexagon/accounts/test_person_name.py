import unicodedata

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hexaccount.accounts.names import PersonName
from hexaccount.kernel.errors import InvalidValue


@pytest.mark.parametrize(
    "text",
    [
        "Juliet",
        "Jean-Luc",
        "O'Neill",
        "Anna Maria",
        "M\u00fcller",
        "\u5f20\u4e09",
        "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
        "\u845b\U000e0100\u57ce",
        "\u8fbb\ufe00",
        "\u1820\u180b",
        "A\u0378",
        "\U000105c9",
    ],
    ids=ascii,
)
def test_a_name_is_stored_as_written(text: str) -> None:
    assert str(PersonName(text)) == text


def test_white_space_around_a_name_is_removed() -> None:
    assert PersonName("  Juliet \u3000").text == "Juliet"


def test_composed_and_decomposed_names_are_equal() -> None:
    assert PersonName("Jose\u0301") == PersonName("Jos\u00e9")


@pytest.mark.parametrize("text", ["", " ", "\u00a0\u2003"], ids=ascii)
def test_an_empty_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="must not be empty"):
        PersonName(text)


@pytest.mark.parametrize("text", ["\u200d", "\u200c\u200c"], ids=ascii)
def test_an_invisible_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        PersonName(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a\nb", id="two-lines"),
        pytest.param("a\tb", id="tab"),
        pytest.param("a\0", id="nul"),
        pytest.param("a\u2028b", id="line-separator"),
        pytest.param("a\u202eb", id="right-to-left-override"),
        pytest.param("\ufeffa", id="byte-order-mark"),
        pytest.param("\ud800", id="lone-surrogate"),
        pytest.param("\ue000", id="private-use"),
        pytest.param("a\uffff", id="noncharacter"),
        pytest.param("a\ufdd0", id="another-noncharacter"),
        pytest.param("a\u200eb", id="mark-of-direction"),
    ],
)
def test_control_format_and_private_characters_are_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match=r"U\+[0-9A-F]{4}"):
        PersonName(text)


def test_a_name_has_at_most_100_characters_after_composition() -> None:
    assert len(PersonName("e\u0301" * 100).text) == 100
    for text in ("x" * 101, "x" * 100_000):
        with pytest.raises(InvalidValue, match="at most 100"):
            PersonName(text)


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(text=st.text(st.characters(), max_size=120))
def test_a_stored_name_is_valid_and_unchanged(text: str) -> None:
    try:
        name = PersonName(text)
    except InvalidValue:
        assume(False)
    assert PersonName(name.text) == name == PersonName.restore(name.text)
    assert unicodedata.is_normalized("NFC", name.text)


@pytest.mark.parametrize(
    "name", ["\u3164", "A\u034f", "A\ufe0f", "A\U000e0100", "\u845b\U000e0100\U000e0101", "A\u180b", "A\ufff0"]
)
def test_invisible_characters_are_refused(name: str) -> None:
    with pytest.raises(InvalidValue):
        PersonName(name)
