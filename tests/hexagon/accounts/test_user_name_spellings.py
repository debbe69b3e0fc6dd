import unicodedata

from hypothesis import assume, given
from hypothesis import strategies as st

from hexaccount.accounts.names import UserName
from hexaccount.kernel.errors import InvalidValue

# Short, so that no spelling exceeds the maximum length.
any_text = st.text(st.characters(), min_size=1, max_size=12)
letters = st.text(st.characters(categories=["Ll", "Lu", "Lo", "Lm", "Mn", "Nd"]), min_size=1, max_size=12)
printable = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="@"), min_size=1)
latin = st.text(
    st.characters(min_codepoint=0xC0, max_codepoint=0x17F, categories=["Ll", "Lu"]), min_size=1, max_size=12
)


def name_or_none(text: str) -> UserName | None:
    try:
        return UserName(text)
    except InvalidValue:
        return None


@given(text=any_text | letters | printable)
def test_the_key_of_a_name_is_a_name_with_the_same_key(text: str) -> None:
    name = name_or_none(text)
    assume(name is not None)
    assert UserName(name.key).key == name.key


@given(text=any_text | letters | printable)
def test_a_stored_name_is_valid_and_unchanged(text: str) -> None:
    name = name_or_none(text)
    assume(name is not None)
    again = UserName(name.text)
    assert (again.text, again.key) == (name.text, name.key)


@given(text=printable)
def test_names_that_differ_in_case_are_equal(text: str) -> None:
    name = name_or_none(text[:64])
    assume(name is not None)
    assert UserName(text[:64].upper()) == UserName(text[:64].lower()) == name


@given(text=printable)
def test_full_width_characters_equal_their_standard_forms(text: str) -> None:
    name = name_or_none(text[:64])
    assume(name is not None)
    assert UserName("".join(chr(ord(character) + 0xFEE0) for character in text[:64])) == name


@given(text=letters | latin)
def test_composed_and_decomposed_characters_are_equal(text: str) -> None:
    name = name_or_none(text)
    assume(name is not None)
    assert UserName(unicodedata.normalize("NFC", text)) == name
    assert UserName(unicodedata.normalize("NFD", text)) == name


@given(text=latin)
def test_names_with_accented_letters_that_differ_in_case_are_equal(text: str) -> None:
    assume(name_or_none(text) is not None)
    # Their capitals have several letters or belong to other letters too.
    assume(not set(text) & set("\u00df\u0131\u0130"))
    assert UserName(text.upper()) == UserName(text.lower())


@given(text=any_text)
def test_any_text_is_a_name_or_an_invalid_value(text: str) -> None:
    name_or_none(text)


def test_half_width_katakana_equal_standard_katakana() -> None:
    assert UserName("\uff76\uff9e") == UserName("\u30ac")
