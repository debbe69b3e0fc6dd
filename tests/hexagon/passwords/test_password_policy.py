from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.kernel.errors import InvalidInput
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.password import Password
from hexaccount.passwords.password_policy import PasswordPolicy
from hexaccount.passwords.set_password import SetPassword
from tests.people import PASSWORD, log_in, register, registration
from tests.signing_key import SIGNING_KEY

NAMES = ("lady_macbeth", "gruoch@castle.example", "Gruoch", "Macbeth")
OWN = "is made of the account's own names or address; choose one that is hard to guess, as four unrelated words are"


@pytest.fixture(scope="module")
def policy() -> Iterator[PasswordPolicy]:
    with open_service(Settings(store="memory://", jwt=JwtSettings(key=SIGNING_KEY))) as service:
        yield service.container.password_policy()


def refusal(policy: PasswordPolicy, password: str, first_name: str = NAMES[2], last_name: str = NAMES[3]) -> str:
    """Return why a password is refused, nothing if it is not."""
    try:
        policy.check(
            Password(password),
            user_name=UserName(NAMES[0]),
            email=EmailAddress(NAMES[1]),
            first_name=PersonName(first_name),
            last_name=PersonName(last_name),
        )
    except InvalidInput as error:
        return error.errors["password"]
    return ""


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
        "1macbeth",
        "gruochmacbeth",
        "Gruoch Macbeth 2026",
        "macbeth, gruoch",
        "\uff2d\uff41\uff43\uff42\uff45\uff54\uff48\uff11",
    ],
    ids=ascii,
)
def test_a_name_or_address_is_refused_in_every_spelling_even_with_digits(policy: PasswordPolicy, password: str) -> None:
    assert refusal(policy, password) == OWN


@pytest.mark.parametrize(
    "password", ["p\u200ba\u200bs\u200bs\u200bw\u200bo\u200br\u200bd\u200b", "mac\u00adbeth\u20602026"], ids=ascii
)
def test_what_is_invisible_makes_no_password_harder_to_guess(policy: PasswordPolicy, password: str) -> None:
    assert refusal(policy, password)


def test_a_password_that_only_contains_a_name_is_accepted(policy: PasswordPolicy) -> None:
    assert not refusal(policy, "macbeth shall sleep no more")
    assert not refusal(policy, PASSWORD)


words = st.text(st.characters(categories=["Ll"], max_codepoint=0x17F), min_size=4, max_size=11)
digits = st.text(st.characters(codec="ascii", categories=["Nd"]), max_size=4)


@given(first=words, last=words, tail=digits, separator=st.sampled_from(["", " ", ".", "-", "_", "\u3000"]))
def test_names_are_recognised_with_separators_and_digits(
    policy: PasswordPolicy, first: str, last: str, tail: str, separator: str
) -> None:
    assert refusal(policy, first + separator + last + separator + tail, first_name=first, last_name=last)


@pytest.mark.parametrize("password", ["aaaaaaaa", "abcdefgh", "Password1!", "12345678"])
def test_what_takes_fewer_than_a_hundred_million_guesses_is_refused_wherever_a_password_is_set(
    service: Service, password: str
) -> None:
    user_id = register(service.bus)
    session_id = log_in(service.bus).session_id
    commands = {
        "password": [
            registration("romeo", password=password),
            SetPassword.of_text(user_id=user_id, password=password),
        ],
        "new_password": [ChangePassword.of_text(session_id=session_id, current=PASSWORD, new=password)],
    }
    for field, refused in commands.items():
        for command in refused:
            with pytest.raises(InvalidInput, match="choose one that is hard to guess") as error:
                service.bus.handle(command)
            assert list(error.value.errors) == [field]
    assert log_in(service.bus).session_id != session_id


@pytest.mark.parametrize(("strength", "accepted"), [(1, 4), (2, 3), (3, 2), (4, 1)])
def test_the_minimum_strength_is_a_setting(strength: int, accepted: int) -> None:
    with _service(minimum_strength=strength) as service:
        answers = [refusal(service.container.password_policy(), text) for text in _OF_EACH_STRENGTH]
    assert [not answer for answer in answers] == [False] * (4 - accepted) + [True] * accepted


_OF_EACH_STRENGTH = ["Password1!", "dragonfire77", "correct horse", "a long and winding road"]
"""They take 10^4, 10^6, 10^8 and 10^19 guesses."""


def test_the_minimum_length_is_a_setting_and_does_not_concern_stored_passwords() -> None:
    with _service(minimum_length=22) as service:
        with pytest.raises(InvalidInput, match=r"password: is too short; at least 22 visible characters are needed"):
            service.bus.handle(registration("juliet", password="correct horse battery"))
        register(service.bus, "juliet", password="correct horse batteries")
    with _service(minimum_strength=1) as service:
        register(service.bus, "juliet", password="communicate7")
        stricter = _service(minimum_strength=4)
        stricter.container.store.override(service.container.store)
        assert stricter.bus.handle(LogIn(user_name="juliet", password="communicate7"))


def _service(**rules: int) -> Service:
    password = PasswordSettings(cost=4, **rules)
    return open_service(Settings(store="memory://", jwt=JwtSettings(key=SIGNING_KEY), password=password))
