"""Keys do not depend on the version of Unicode that the running Python knows.

What a key folds by never changes for an assigned code point (https://www.unicode.org/policies/stability_policy.html);
what is not assigned is in no key.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from hexaccount.accounts.email_address import EmailAddress, fold_address
from hexaccount.accounts.names import UserName
from hexaccount.accounts.precis import fold_user_name
from hexaccount.kernel.errors import InvalidValue
from hexaccount.passwords.password import Password, normalise_password

# The code points that Unicode 14.0 assigns (DerivedAge.txt), that of the oldest Python which is supported.
RANGES = [
    tuple(int(end, 16) for end in each.split("-"))
    for each in (Path(__file__).parent / "unicode_14.txt").read_text().split()
]
# The long ranges are of ideographs and syllables, which fold to themselves.
ASSIGNED = [chr(point) for first, last in RANGES if last - first < 4000 for point in range(first, last + 1)]


@pytest.mark.parametrize(
    ("fold", "digest"),
    [
        pytest.param(lambda each: fold_user_name(each)[1], "ab7b798603c502c5", id="user-name"),
        pytest.param(lambda each: fold_address(f"a{each}@b.c"), "d884a7a9d68523d5", id="address"),
        pytest.param(lambda each: fold_address(f"a@b{each}.c"), "c8fcbd56dfd0014f", id="domain"),
        pytest.param(normalise_password, "f1989ee26760cc62", id="password"),
    ],
)
def test_every_python_folds_a_character_alike(fold: Callable[[str], str], digest: str) -> None:
    """If this fails, stored keys have to be migrated."""
    found = sha256()
    for each in ASSIGNED:
        try:
            found.update(f"{each}{fold(each)}\n".encode())
        except InvalidValue:
            found.update(f"{each} has no key\n".encode())
    assert found.hexdigest()[:16] == digest


@pytest.mark.parametrize("unassigned", ["\u0378", "\U0003fffd"], ids=ascii)
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(UserName, id="user-name"),
        pytest.param(lambda text: EmailAddress(f"{text}@example.org"), id="address"),
        pytest.param(lambda text: EmailAddress(f"a@{text}.org"), id="domain"),
        pytest.param(Password, id="password"),
    ],
)
def test_what_is_not_assigned_is_in_no_key(make: Callable[[str], object], unassigned: str) -> None:
    assert make("abcdefghi")
    with pytest.raises(InvalidValue):
        make(f"abcdefghi{unassigned}")
