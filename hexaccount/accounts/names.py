"""The names of an account and of the person behind it."""

import re
from dataclasses import dataclass, field

from hexaccount.accounts.precis import check_user_name, fold_user_name
from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.text import clean_line, visible_part

_UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    """Tell whether a text is an id; no user name may be one, so that no account can be taken for another."""
    return bool(_UUID.fullmatch(text.lower()))


@dataclass(frozen=True, slots=True, init=False)
class UserName:
    """The name a person logs in with: RFC 8265 UsernameCaseMapped, 1 to 64 characters.

    It holds no `@` and is never a UUID, so that an id, a name and an e-mail address cannot be taken for one
    another. Two names are one when their keys are equal.
    """

    text: str = field(compare=False)
    key: str

    shortest = 1
    longest = 64

    def __init__(self, text: str) -> None:
        if len(text) < self.shortest:
            raise InvalidValue("must not be empty")
        # The cheap bound comes first: a composed name may be four times as long before it is composed.
        if len(text) > 4 * self.longest:
            raise InvalidValue(f"is too long; at most {self.longest} characters are allowed")
        name, key = fold_user_name(text)
        if len(name) > self.longest or len(key) > self.longest:
            raise InvalidValue(f"is too long; at most {self.longest} characters are allowed")
        check_user_name(key)
        if "@" in key:
            raise InvalidValue("must not contain @; an e-mail address has a field of its own")
        if is_uuid(key):
            raise InvalidValue("must not have the form of a UUID")
        object.__setattr__(self, "text", name)
        object.__setattr__(self, "key", key)

    @classmethod
    def recall(cls, text: str) -> "UserName":
        """Return a name from the journal, where it may have been recorded under earlier rules."""
        return cls.restore(*fold_user_name(text))

    @classmethod
    def restore(cls, text: str, key: str) -> "UserName":
        """Return a name from the store, unchecked: it was checked before it was stored."""
        name = object.__new__(cls)
        object.__setattr__(name, "text", text)
        object.__setattr__(name, "key", key)
        return name

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, init=False)
class PersonName:
    """A first or last name: one line of 1 to 100 characters, in the person's own spelling."""

    text: str

    shortest = 1
    longest = 100

    def __init__(self, text: str) -> None:
        cleaned = clean_line(text, at_most=self.longest)
        if not visible_part(cleaned):
            raise InvalidValue("must not be empty")
        object.__setattr__(self, "text", cleaned)

    @classmethod
    def restore(cls, text: str) -> "PersonName":
        """Return a name from the store, unchecked: it was checked before it was stored."""
        name = object.__new__(cls)
        object.__setattr__(name, "text", text)
        return name

    def __str__(self) -> str:
        return self.text
