"""ASCII takes a short way, and comes out as the rules for all text have it.

With one more letter that is not ASCII and maps to itself, the same text takes the long way.
"""

from collections.abc import Callable
from typing import TypeAlias

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hexaccount.accounts.email_address import EmailAddress, fold_address
from hexaccount.accounts.precis import check_user_name, fold_user_name
from hexaccount.kernel.errors import InvalidValue

LETTER = "\u044f"
Key: TypeAlias = Callable[[str], str]

_text = st.text(st.characters(max_codepoint=127), max_size=30)
_label = st.from_regex(r"(xn--|XN--)?[a-zA-Z0-9-]{0,6}(p1ai|caf-dma)?", fullmatch=True)
_domain = st.lists(_label, min_size=1, max_size=4).map(".".join)


def _checked_name(text: str) -> str:
    _, key = fold_user_name(text)
    check_user_name(key)
    return key


def _outcome(key: Key, text: str) -> tuple[str, str]:
    try:
        return "key", key(text)
    except InvalidValue as refusal:
        return "refused", refusal.reason


@given(text=_text)
@example("Ada_Lovelace")
@example("a b")
@example("\x7f")
def test_user_names(text: str) -> None:
    kind, found = _outcome(_checked_name, text)
    assert (kind, found + LETTER * (kind == "key")) == _outcome(_checked_name, text + LETTER)


@given(local=_text)
@example("A.b+c")
@example('"a"')
@example(".a")
def test_what_is_before_the_at(local: str) -> None:
    kind, found = _outcome(lambda text: EmailAddress(text).key, f"{local}x@example.org")
    longer = _outcome(lambda text: EmailAddress(text).key, f"{local}x{LETTER}@example.org")
    assert (kind, found.replace("x@", f"x{LETTER}@")) == longer


@pytest.mark.parametrize("key", [fold_address, lambda text: EmailAddress(text).key], ids=["fold", "make"])
@given(domain=_domain | _text.filter(lambda text: "@" not in text))
@example(domain="Example.ORG")
@example(domain="a_b.example")
@example(domain="xn--80ak6aa92e.com")
@example(domain="-a.example")
def test_what_is_behind_the_at(key: Key, domain: str) -> None:
    kind, found = _outcome(key, f"a@{domain}")
    longer = _outcome(key, f"a@{LETTER}.{domain}")
    assert (kind, found.replace("a@", f"a@{LETTER}.")) == longer or ("." not in domain and kind == "refused")
