import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.passwords.own_names import is_own_name
from hexaccount.passwords.password import Password

NAMES = ("lady_macbeth", "gruoch@castle.example", "Gruoch", "Macbeth")


def is_own(
    password: str,
    user_name: str = NAMES[0],
    email: str = NAMES[1],
    first_name: str = NAMES[2],
    last_name: str = NAMES[3],
) -> bool:
    return is_own_name(
        Password(password),
        user_name=UserName(user_name),
        email=EmailAddress(email),
        first_name=PersonName(first_name),
        last_name=PersonName(last_name),
    )


@pytest.mark.parametrize(
    "password",
    [
        "lady_macbeth",
        "LADY_MACBETH",
        "  lady_macbeth ",
        "lady macbeth",
        "ladymacbeth",
        "ladymacbeth!",
        "lady.macbeth.1040",
        "gruoch@castle.example",
        "gruoch@castle.example1",
        "gruoch99",
        "Macbeth1",
        "gruochmacbeth",
        "Gruoch Macbeth 2026",
        "macbeth, gruoch",
        "\uff2d\uff41\uff43\uff42\uff45\uff54\uff48\uff11",
    ],
    ids=ascii,
)
def test_a_name_or_address_is_refused_even_with_trailing_digits(password: str) -> None:
    assert is_own(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "macbeth shall sleep no more",
        "1macbeth",
        "macbeth1040x",
        "macbethmacbeth",
        "castle.example",
        "12345678",
        "!!!!!!!!",
    ],
)
def test_a_password_that_only_contains_a_name_is_accepted(password: str) -> None:
    assert not is_own(password)


def test_a_short_name_is_refused_only_as_the_whole_password() -> None:
    lin = {"user_name": "lin", "email": "lin@x.example", "first_name": "Li", "last_name": "N"}
    assert not is_own("lin20261122", **lin)
    assert not is_own("li!!!!!!!", **lin)
    assert is_own("linx.example", **lin)


def test_a_name_of_symbols_does_not_exclude_passwords_of_digits() -> None:
    hearts = "\u2665" * 8
    assert not is_own("83520174", first_name=hearts)
    assert is_own(hearts, first_name=hearts)


# The capitals of the dotless i and of the long s belong to other letters.
words = st.text(st.characters(categories=["Ll", "Lu"], max_codepoint=0x17F), min_size=4, max_size=20)
digits = st.text(st.characters(codec="ascii", categories=["Nd"]), max_size=12)


@given(first=words, last=words, tail=digits, separator=st.sampled_from(["", " ", ".", "-", "_", "\u3000"]))
def test_names_are_recognised_in_any_case_with_separators_and_digits(
    first: str, last: str, tail: str, separator: str
) -> None:
    assume(first.upper().casefold() == first.casefold())
    password = first.upper() + separator + last.lower() + separator + tail
    assert is_own(password, first_name=first, last_name=last)


@given(first=words, last=words, inner=words, tail=digits)
def test_an_additional_word_makes_a_password_acceptable(first: str, last: str, inner: str, tail: str) -> None:
    assert not is_own("x" + first + inner + last + tail, first_name=first, last_name=last)
