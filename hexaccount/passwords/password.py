import unicodedata
from dataclasses import dataclass, field

from hexaccount.kernel.errors import InvalidValue

_NORMALISED_AT_MOST = 1024


@dataclass(frozen=True, slots=True, init=False)
class Password:
    """A secret fit to be set: 8 to 128 code points after NFKC, no rule of composition (NIST SP 800-63B-4, 3.1.1.2).

    Spaces and every printable character count; control characters and lone surrogates are refused, as no
    keyboard enters them on purpose.
    """

    text: str = field(repr=False)

    shortest = 8
    longest = 128

    def __init__(self, text: str) -> None:
        if len(text) > _NORMALISED_AT_MOST:
            raise InvalidValue(f"is too long; at most {self.longest} characters are allowed")
        normalised = normalise_password(text)
        if len(normalised) < self.shortest:
            raise InvalidValue(f"is too short; at least {self.shortest} characters are needed")
        if len(normalised) > self.longest:
            raise InvalidValue(f"is too long; at most {self.longest} characters are allowed")
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in normalised):
            raise InvalidValue("must not contain control characters")
        object.__setattr__(self, "text", normalised)

    def __str__(self) -> str:
        return "********"


def normalise_password(text: str) -> str:
    """Return the spelling that is hashed, so that one password typed on two keyboards is one (NFKC).

    Normalising takes quadratic time on texts made for it, so what is longer than any password stays as it is: it
    fits no account anyway.
    """
    if len(text) > _NORMALISED_AT_MOST:
        return text
    return unicodedata.normalize("NFKC", text)


def fold_password(text: str) -> str:
    """Return the spelling by which a password is compared with texts that are known: normalised, its case folded."""
    return normalise_password(normalise_password(text).casefold())
