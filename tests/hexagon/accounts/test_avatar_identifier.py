import pytest

from hexaccount.accounts.avatar_identifier import AvatarIdentifier
from hexaccount.kernel.errors import InvalidValue


@pytest.mark.parametrize("text", ["a", "Juliet-1_2.3", "x" * 64])
def test_an_identifier_is_1_to_64_letters_digits_dots_underscores_or_hyphens(text: str) -> None:
    assert str(AvatarIdentifier(text)) == text


@pytest.mark.parametrize("text", ["", "x" * 65, "a b", "a/b", "\u00e9", "a\n", "a\0", "../etc?", "\u0661"], ids=ascii)
def test_an_invalid_identifier_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="1 to 64 ASCII"):
        AvatarIdentifier(text)
