"""Passwords that are made of the user's own names."""

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.passwords.password import Password, fold_password

_SHORTEST_WORD = 4


def is_own_name(
    password: Password, *, user_name: UserName, email: EmailAddress, first_name: PersonName, last_name: PersonName
) -> bool:
    """Tell whether a password is a name or the address of its account, alone or followed by digits.

    Case, spaces and punctuation do not count. Names of fewer than four letters and digits are ignored, since too many
    passwords begin with those by chance. First and last name count alone and together in either order.
    """
    first, last = first_name.text, last_name.text
    local_part = email.text.rpartition("@")[0]
    names = (user_name.text, email.text, local_part, first, last, first + last, last + first)
    if fold_password(password.text).strip() in {fold_password(name).strip() for name in names}:
        return True
    letters = _letters(password.text)
    return any(_is_with_digits(letters, word) for word in map(_letters, names) if len(word) >= _SHORTEST_WORD)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, fold_password(text)))


def _is_with_digits(letters: str, word: str) -> bool:
    rest = letters.removeprefix(word)
    return letters == word or (rest != letters and rest.isdecimal())
