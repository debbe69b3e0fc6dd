import unicodedata
from dataclasses import dataclass, field

from hexaccount.kernel.errors import InvalidValue

_NORMALISED_AT_MOST = 1024


@dataclass(frozen=True, slots=True, init=False)
class Password:
    """A new password: 8 to 128 code points after NFKC, without composition rules (NIST SP 800-63B-4, 3.1.1.2).

    Spaces and every printable character count. Control characters and lone surrogates are refused: no keyboard enters
    them on purpose.
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
    """Return the spelling that is hashed (NFKC), which is the same for one password typed on two keyboards.

    A text that is longer than any password stays unchanged, since normalising may take quadratic time.
    """
    if len(text) > _NORMALISED_AT_MOST:
        return text
    return unicodedata.normalize("NFKC", text)


def fold_password(text: str) -> str:
    """Return the spelling in which a password is compared with known texts: normalised and case-folded."""
    return normalise_password(normalise_password(text).casefold())
