"""Free text: what may stand in it, and how long it may be."""

import unicodedata

from hexaccount.kernel.errors import InvalidValue

# Zero-width joiners form letters in several scripts; every other format character hides or reorders text.
_JOINERS = "\u200c\u200d"
# What is not displayed and no format character (Default_Ignorable_Code_Point), and the blank of Braille.
_IGNORABLE = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2065, 0x2065),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
)
_INVISIBLE = frozenset(chr(point) for first, last in _IGNORABLE for point in range(first, last + 1))
# As in the Stream-Safe Text Format (UAX #15, 13): normalising sorts the marks of each run, in quadratic time.
_TOO_MANY_MARKS = 31
_REFUSED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def is_invisible(character: str) -> bool:
    """Tell whether a character is not displayed, so that two different texts may look the same.

    Format characters are not, either, but some of them change how others look.
    """
    return character in _INVISIBLE


def visible_part(text: str) -> str:
    """Return the characters of a text that are displayed, spaces included; none if all are white space and marks."""
    shown = "".join(each for each in text if not is_invisible(each) and unicodedata.category(each) != "Cf")
    return shown if any(unicodedata.category(each)[0] in "LNPS" for each in shown) else ""


def clean_line(text: str, *, at_most: int) -> str:
    """Return one line of text, in NFC and without white space at its ends.

    Raises InvalidValue for control, format, unassigned, private and invisible characters, for more than `at_most` code
    points, and for more than 30 combining marks in a row.
    """
    cleaned = _clean(text, at_most=at_most, allowed=_JOINERS)
    for character in cleaned:
        if is_invisible(character):
            raise InvalidValue(f"contains the character U+{ord(character):04X}, which is invisible; remove it")
    return cleaned


def clean_paragraph(text: str, *, at_most: int) -> str:
    """Return text that may run over several lines, and hold the selectors of emoji; otherwise as `clean_line`."""
    return _clean(text.replace("\r\n", "\n"), at_most=at_most, allowed=_JOINERS + "\n\t")


def _clean(text: str, *, at_most: int, allowed: str) -> str:
    # The cheap bound comes first: normalising is not for texts of any length.
    if len(text) > 4 * at_most:
        raise InvalidValue(f"is too long; at most {at_most} characters are allowed")
    categories = [unicodedata.category(character) for character in text]
    for character, category in zip(text, categories, strict=True):
        if category in _REFUSED and character not in allowed:
            raise InvalidValue(f"contains the character U+{ord(character):04X}, which is not allowed here")
    if "M" * _TOO_MANY_MARKS in "".join(category[0] for category in categories):
        raise InvalidValue("has more than 30 combining marks in a row; remove some")
    cleaned = unicodedata.normalize("NFC", text).strip()
    if len(cleaned) > at_most:
        raise InvalidValue(f"is too long; at most {at_most} characters are allowed")
    return cleaned
