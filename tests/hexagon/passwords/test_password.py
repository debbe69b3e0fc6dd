import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.kernel.errors import InvalidValue
from hexaccount.passwords.password import Password, normalise_password


@pytest.mark.parametrize(
    "text",
    [
        "12345678",
        "correct horse battery staple",
        "\u00e4\u00f6\u00fc\u00df\u00e9\u00e0\u00e7\u00f1",
        "\U0001f40e" * 8,
        "a       ",
        "\u00e9\u0302\u0303\u0304\u0305\u0306\u0307\u0308",
        "\u0939\u093f\u0928\u094d\u0926\u0940\u0939\u0942",
    ],
)
def test_all_printable_characters_are_accepted(text: str) -> None:
    assert Password(text).text == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "at least 8"),
        ("1234567", "at least 8"),
        ("\U0001f40e" * 7, "at least 8"),
        ("x" * 129, "at most 128"),
        ("x" * 1025, "at most 128"),
    ],
)
def test_a_password_has_8_to_128_code_points(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        Password(text)


@pytest.mark.parametrize(
    "text",
    [
        " " * 8,
        "\u3000" * 8,
        "\u0301" * 8,
        "\u0301 " * 8,
        "\u20dd" * 8,
        "\u200b" * 8,
        "\u00ad" * 8,
        "\u200d\u2060\ufeff\u180e" * 2,
        "\u2800" * 8,
        "\u3164" * 8,
        "\u034f" * 8,
        "\ufe0f" * 8,
        "\U000e0041" * 8,
        "\U000e0fff" * 8,
        "1234567\u200b\u2060\u2800",
    ],
    ids=ascii,
)
def test_what_is_invisible_does_not_count_towards_the_length(text: str) -> None:
    with pytest.raises(InvalidValue, match="is too short; at least 8 visible characters are needed"):
        Password(text)


def test_128_code_points_of_four_octets_are_accepted() -> None:
    assert len(Password("\U0001f40e" * 128).text) == 128


def test_the_length_is_counted_after_normalisation() -> None:
    assert len(Password("e\u0301" * 128).text) == 128
    assert len(Password("\ufdfa").text) == 18
    with pytest.raises(InvalidValue, match="at least 8"):
        Password("e\u0301" * 7)
    with pytest.raises(InvalidValue, match="at most 128"):
        Password("\ufdfa" * 8)


@pytest.mark.parametrize("character", ["\0", "\n", "\t", "\x7f", "\x85", "\ud800"], ids=ascii)
def test_control_characters_and_lone_surrogates_are_refused(character: str) -> None:
    with pytest.raises(InvalidValue, match="control characters"):
        Password("1234567" + character)


@given(text=st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=8, max_size=40))
def test_all_unicode_normal_forms_of_a_password_are_equal(text: str) -> None:
    typed = {normalise_password(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert typed == {normalise_password(text)}


def test_the_representation_hides_the_password() -> None:
    password = Password("correct horse")
    assert "correct horse" not in f"{password} {password!r} {[password]}"


def test_the_error_does_not_repeat_the_password() -> None:
    with pytest.raises(InvalidValue) as refusal:
        Password("hunter2")
    assert "hunter2" not in repr(refusal.value)
