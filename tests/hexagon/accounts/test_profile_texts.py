from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hexaccount.accounts.names import PersonName
from hexaccount.accounts.profile import clean_address, clean_bio, clean_phone
from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.text import is_invisible


@pytest.mark.parametrize(
    "text",
    [
        "112",
        "+49 30 901820",
        "+49 (0)30/90 18 20",
        "(030) 901820",
        "030-901.820",
        "+1 (212) 555-0100",
        "12345678901234567890",
    ],
)
def test_a_telephone_number_is_stored_as_written(text: str) -> None:
    assert clean_phone(text) == text


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        pytest.param("\u202a+49 30 901820\u202c", "+49 30 901820", id="from-an-address-book"),
        pytest.param("\u200e\u206809123456789\u2069\u200f\ufeff", "09123456789", id="isolated"),
        pytest.param("030\u00ad901\u200b820\ufe0f", "030901820", id="invisible"),
        pytest.param(
            "\uff0b\uff14\uff19\uff08\uff13\uff10\uff09\uff0f\uff19\uff10\uff11\uff0e\uff18",
            "+49(30)/901.8",
            id="full-width",
        ),
        pytest.param("03\uff0d1234\u30fc5678", "03-1234-5678", id="japanese-dashes"),
        pytest.param("030\u2010901\u2011820\u2013\u2212\u20141", "030-901-820---1", id="dashes"),
        pytest.param("030\u00a0901\u202f820\u30001", "030 901 820 1", id="spaces"),
        pytest.param("+\u0662\u0660 \u0967\u0966\u06f1", "+20 101", id="digits-of-other-scripts"),
    ],
)
def test_a_telephone_number_is_stored_in_ascii(text: str, stored: str) -> None:
    assert clean_phone(text) == stored


numbers = st.text(st.characters(categories=["Nd"]), min_size=3, max_size=14)
decoration = st.text(st.characters(categories=["Pd", "Zs", "Cf"]), max_size=2)


@given(text=st.lists(numbers | decoration, min_size=1, max_size=3).map("".join))
def test_a_stored_telephone_number_is_ascii_and_unchanged(text: str) -> None:
    try:
        phone = clean_phone(text)
    except InvalidValue:
        assume(False)
    assert phone.isascii()
    assert clean_phone(phone) == phone


@pytest.mark.parametrize(
    "text",
    [
        "12",
        "123456789012345678901",
        "phone",
        "+",
        "+49+30",
        "030 90182O",
        "112\n113",
        "12\u00b2",
        "\u2460\u2461\u2462",
        "1" * 300,
    ],
    ids=ascii,
)
def test_an_invalid_telephone_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        clean_phone(text)


@pytest.mark.parametrize("clean", [clean_bio, clean_address])
def test_a_text_may_have_several_lines_and_tabs(clean) -> None:
    assert clean("first\r\nsecond\n\tthird") == "first\nsecond\n\tthird"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\u845b\U000e0100\u98fe", id="variant-of-an-ideograph"),
        pytest.param("\u2764\ufe0f \u2708\ufe0e", id="emoji-and-text-presentation"),
        pytest.param("\u1780\u17d2\u1798\u17c2\u179a\u200b\u179a\u17bc\u1794", id="break-in-khmer"),
        pytest.param("\u0e01\u0e32\u0e23\u200b\u0e1a\u0e49\u0e32\u0e19", id="break-in-thai"),
        pytest.param("C\u200e++ \u200f\u05e9\u05dc\u05d5\u05dd\u200f! \u061c\u0645", id="marks-of-direction"),
        pytest.param("Donau\u00addampfschiff", id="soft-hyphen"),
        pytest.param("A\u20601", id="word-joiner"),
        pytest.param("\u1828\u180e\u1820\u180b", id="mongolian"),
        pytest.param("\u06dd\u0661 \u0600\u0661", id="number-signs-in-arabic"),
        pytest.param("\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f", id="flag-of-wales"),
        pytest.param("\U0001f469\U0001f3fd\u200d\U0001f680", id="emoji-of-several"),
        pytest.param("\u0378 \U000105c9 \U0003fffd", id="unassigned"),
    ],
)
@pytest.mark.parametrize("clean", [clean_bio, clean_address])
def test_ordinary_writing_is_stored_as_written(clean: Callable[[str], str], text: str) -> None:
    assert clean(text) == text


@given(text=st.text(st.characters(categories=["Cn"]), min_size=1, max_size=8))
def test_what_unicode_has_not_assigned_yet_is_free_text(text: str) -> None:
    """A newer Python, with a later version of Unicode, may know it."""
    assume(
        not any(ord(each) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(each) <= 0xFDEF or is_invisible(each) for each in text)
    )
    assert clean_bio(text) == PersonName(text).text == text


@pytest.mark.parametrize("clean", [clean_bio, clean_phone, clean_address])
def test_white_space_alone_is_an_empty_text(clean) -> None:
    assert clean("  ") == ""


@pytest.mark.parametrize("clean", [clean_bio, clean_address])
@pytest.mark.parametrize(
    "character",
    [
        "\0",
        "\r",
        "\x1b",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\ud800",
        "\U000e0001",
        "\U000e0067",
        "\U000e007f",
        "\U000e0080",
        "\uffff",
    ],
    ids=ascii,
)
def test_control_and_format_characters_are_refused(clean, character: str) -> None:
    with pytest.raises(InvalidValue, match=r"U\+[0-9A-F]{4}"):
        clean(f"a{character}b")


@pytest.mark.parametrize("clean", [clean_bio, clean_address, PersonName])
@pytest.mark.parametrize("marks", ["\u0301\u0316", "\u0f73", "\u0344\u0345"], ids=ascii)
def test_a_text_that_takes_long_to_normalise_is_refused_before(clean: Callable[[str], object], marks: str) -> None:
    """6,000 marks in 36 kB of JSON kept all other threads waiting for 100 ms."""
    assert clean("a" + (marks * 30)[:30])
    with pytest.raises(InvalidValue, match="has more than 30 combining marks in a row; remove some"):
        clean("a" + (marks * 31)[:31])


@pytest.mark.parametrize(("clean", "longest"), [(clean_bio, 1000), (clean_address, 500)])
def test_the_length_is_limited_in_code_points_after_composition(clean, longest: int) -> None:
    assert len(clean("e\u0301" * longest)) == longest
    assert len(clean("\U0001f40e" * longest)) == longest
    for text in ("x" * (longest + 1), "x" * 1_000_000):
        with pytest.raises(InvalidValue, match=f"at most {longest}"):
            clean(text)
