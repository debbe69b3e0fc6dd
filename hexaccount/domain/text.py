"""Free text: what may stand in it, and how long it may be."""

import unicodedata

from hexaccount.domain.errors import InvalidValue

# Zero-width joiners form letters in several scripts; every other format character hides or reorders text.
_JOINERS = "\u200c\u200d"
_REFUSED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean_line(text: str, *, at_most: int) -> str:
    """Return one line of text, in NFC and without white space at its ends.

    Raises InvalidValue for control, format, unassigned and private characters, and for more than `at_most`
    code points.
    """
    return _clean(text, at_most=at_most, allowed=_JOINERS)


def clean_paragraph(text: str, *, at_most: int) -> str:
    """Return text that may run over several lines; otherwise as `clean_line`."""
    return _clean(text.replace("\r\n", "\n"), at_most=at_most, allowed=_JOINERS + "\n\t")


def _clean(text: str, *, at_most: int, allowed: str) -> str:
    # The cheap bound comes first: normalising is not for texts of any length.
    if len(text) > 4 * at_most:
        raise InvalidValue(f"is too long; at most {at_most} characters are allowed")
    for character in text:
        if unicodedata.category(character) in _REFUSED and character not in allowed:
            raise InvalidValue(f"contains the character U+{ord(character):04X}, which is not allowed here")
    cleaned = unicodedata.normalize("NFC", text).strip()
    if len(cleaned) > at_most:
        raise InvalidValue(f"is too long; at most {at_most} characters are allowed")
    return cleaned
