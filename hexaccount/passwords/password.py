import unicodedata
from dataclasses import dataclass, field

from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.text import visible_part

_NORMALISED_AT_MOST = 1024


@dataclass(frozen=True, slots=True, init=False)
class Password:
    """A new password: 8 to 128 code points after NFKC, without composition rules (NIST SP 800-63B-4, 3.1.1.2).

    What is invisible does not count towards the 8; spaces do, but not alone. Control characters and lone surrogates are
    refused: no keyboard enters them on purpose. So are code points that this Python's Unicode has not assigned: a later
    one may normalise them, so that the hash would be that of another text (RFC 8265, 4.2.1).
    """

    text: str = field(repr=False)

    shortest = 8
    longest = 128

    def __init__(self, text: str) -> None:
        if len(text) > _NORMALISED_AT_MOST:
            raise InvalidValue(f"is too long; at most {self.longest} characters are allowed")
        normalised = normalise_password(text)
        if len(visible_part(normalised)) < self.shortest:
            raise InvalidValue(is_too_short(self.shortest))
        if len(normalised) > self.longest:
            raise InvalidValue(f"is too long; at most {self.longest} characters are allowed")
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in normalised):
            raise InvalidValue("must not contain control characters")
        if any(unicodedata.category(character) == "Cn" for character in text):
            raise InvalidValue("has a character that is too new to be known here; choose another one")
        object.__setattr__(self, "text", normalised)

    @property
    def visible_part(self) -> str:
        return visible_part(self.text)

    def __str__(self) -> str:
        return "********"


def is_too_short(minimum: int) -> str:
    """Return what is wrong with a password of fewer characters."""
    return f"is too short; at least {minimum} visible characters are needed"


def normalise_password(text: str) -> str:
    """Return the spelling that is hashed (NFKC), which is the same for one password typed on two keyboards.

    A text that is longer than any password stays unchanged, since normalising may take quadratic time.
    """
    if len(text) > _NORMALISED_AT_MOST:
        return text
    return unicodedata.normalize("NFKC", text)
