from collections.abc import Callable

import pytest

from hexaccount.accounts.names import PersonName
from hexaccount.accounts.profile import clean_address, clean_bio, clean_phone
from hexaccount.kernel.errors import InvalidValue


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
    "text",
    ["12", "123456789012345678901", "phone", "+", "+49+30", "030 90182O", "112\n113", "\uff11\uff11\uff12", "1" * 300],
    ids=ascii,
)
def test_an_invalid_telephone_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        clean_phone(text)


@pytest.mark.parametrize("clean", [clean_bio, clean_address])
def test_a_text_may_have_several_lines_and_tabs(clean) -> None:
    assert clean("first\r\nsecond\n\tthird") == "first\nsecond\n\tthird"


@pytest.mark.parametrize("clean", [clean_bio, clean_phone, clean_address])
def test_white_space_alone_is_an_empty_text(clean) -> None:
    assert clean("  ") == ""


@pytest.mark.parametrize("clean", [clean_bio, clean_address])
@pytest.mark.parametrize(
    "character", ["\0", "\r", "\x1b", "\u202e", "\u2066", "\ufeff", "\ud800", "\U000e0001"], ids=ascii
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
