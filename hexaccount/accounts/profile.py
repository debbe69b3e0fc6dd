import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from hexaccount.accounts.precis import map_width
from hexaccount.kernel.aggregate import Aggregate, ForeignEvent
from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.event import Event
from hexaccount.kernel.text import clean_line, clean_paragraph, is_invisible


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileCreated(Event):
    """The profile of an account was created; it is still empty."""

    type = "hexaccount.profile.created.v1"
    changes_access = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileUpdated(Event):
    """A profile has changed; `changes` has the new value of each changed field, null where it was removed."""

    type = "hexaccount.profile.updated.v1"
    personal = frozenset({"changes"})
    changes_access = False

    changes: Mapping[str, str | None]


LONGEST_BIO = 1000
LONGEST_PHONE = 64
LONGEST_ADDRESS = 500

PHONE_PATTERN = r"[ ()]*\+?[0-9](?:[ ()./-]{0,3}[0-9]){2,19}[ ()]*"
"""A telephone number that is not empty."""


def clean_bio(text: str) -> str:
    """Return a self-description: up to 1,000 characters on any number of lines; raises InvalidValue."""
    return clean_paragraph(text, at_most=LONGEST_BIO)


def clean_phone(text: str) -> str:
    """Return a telephone number: 3 to 20 digits, a leading `+`, and the usual separators; raises InvalidValue.

    Digits of all scripts, and all dashes, spaces and full-width characters become those of ASCII. What is invisible is
    dropped: address books put marks of direction around numbers.
    """
    # A text that is too long for any mapping is refused below.
    plain = "".join(map(_in_ascii, map_width(text))) if len(text) <= 4 * LONGEST_PHONE else text
    phone = clean_line(plain, at_most=LONGEST_PHONE)
    if phone and not re.fullmatch(PHONE_PATTERN, phone):
        raise InvalidValue("must be a telephone number of 3 to 20 digits, such as +49 30 901820")
    return phone


def _in_ascii(character: str) -> str:
    match unicodedata.category(character):
        case "Nd":
            return str(unicodedata.decimal(character))
        case "Pd":
            return "-"
        case "Zs":
            return " "
        case category:
            # The minus sign, and the long vowel of kana, which keyboards enter for a dash.
            return (
                "-" if character in "\u2212\u30fc" else "" if category == "Cf" or is_invisible(character) else character
            )


def clean_address(text: str) -> str:
    """Return a postal address: up to 500 characters on any number of lines; raises InvalidValue."""
    return clean_paragraph(text, at_most=LONGEST_ADDRESS)


PROFILE_FIELDS = {"bio": clean_bio, "phone": clean_phone, "address": clean_address}


@dataclass(slots=True, kw_only=True, eq=False)
class Profile(Aggregate):
    """The profile of an account, whose id it has; None stands for an empty field."""

    kind: ClassVar[str] = "profile"

    bio: str | None = None
    phone: str | None = None
    address: str | None = None
    updated_at: datetime

    @classmethod
    def create(cls, user_id: UUID, at: datetime) -> Self:
        """Create the empty profile of an account."""
        event = ProfileCreated(user_id=user_id, at=at)
        return cls._begun_by(event)

    @classmethod
    def _begin(cls, event: Event) -> Self:
        if not isinstance(event, ProfileCreated):
            raise ForeignEvent(cls, event)
        return cls(id=event.user_id, version=1, updated_at=event.at)

    def update(self, changes: Mapping[str, str | None], at: datetime) -> None:
        """Change the given fields, where None or an empty text empties one; records no event if nothing differs."""
        new = {name: text or None for name, text in changes.items()}
        differing = {name: new[name] for name in PROFILE_FIELDS if name in new and getattr(self, name) != new[name]}
        if differing:
            self._record(ProfileUpdated(user_id=self.id, changes=differing, at=at))

    def _apply(self, event: Event) -> None:
        match event:
            case ProfileUpdated():
                for name in PROFILE_FIELDS.keys() & event.changes.keys():
                    setattr(self, name, event.changes[name])
                self.updated_at = event.at
            case _:
                raise ForeignEvent(type(self), event)
