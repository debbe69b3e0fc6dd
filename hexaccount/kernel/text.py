"""Free text: what may stand in it, and how long it may be."""

import re
import unicodedata

from hexaccount.kernel.errors import InvalidValue

JOINERS = "\u200c\u200d"
"""The zero-width characters that form letters in several scripts."""

# Soft hyphens, marks of direction, breaks without a space (Khmer, Thai), the vowel separator of Mongolian, and the
# format characters that are displayed (Prepended_Concatenation_Mark) are ordinary writing.
_FORMATTING = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2060"
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
# Forms of an ideograph, which many names of persons need (UTS #37), and of a letter of Mongolian.
_VARIATION = re.compile(
    "(?<=[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
    "|(?<=[\u1807\u1820-\u18aa])[\u180b-\u180d\u180f]"
)
# The flags of parts of countries, such as Wales (UTS #51, ED-14a). Tags elsewhere hide text.
_TAG_SEQUENCE = re.compile("(?<=\U0001f3f4)[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,30}\U000e007f")
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
_REFUSED = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def is_invisible(character: str) -> bool:
    """Tell whether a character is not displayed, so that two different texts may look the same.

    Format characters are not, either, but some of them change how others look.
    """
    return character in _INVISIBLE


def visible_part(text: str) -> str:
    """Return the characters of a text that are displayed, spaces included; none if all are white space and marks."""
    shown = "".join(each for each in text if not is_invisible(each) and unicodedata.category(each) != "Cf")
    displayed = (unicodedata.category(each) for each in shown)
    return shown if any(category[0] in "LNPS" or category == "Cn" for category in displayed) else ""


def clean_line(text: str, *, at_most: int) -> str:
    """Return one line of text, in NFC and without white space at its ends.

    Raises InvalidValue for control, format, private and invisible characters, for more than `at_most` code points, and
    for more than 30 combining marks in a row. A form of an ideograph is chosen by an invisible character, which stays.
    """
    cleaned = _clean(text, at_most=at_most, allowed=JOINERS)
    for character in _VARIATION.sub("", cleaned):
        if is_invisible(character):
            raise InvalidValue(f"contains the character U+{ord(character):04X}, which is invisible; remove it")
    return cleaned


def clean_paragraph(text: str, *, at_most: int) -> str:
    """Return text that may run over several lines, with the format characters of ordinary writing and of emoji.

    Otherwise as `clean_line`: embeddings and overrides of direction, and tags outside of emoji, are refused.
    """
    return _clean(text.replace("\r\n", "\n"), at_most=at_most, allowed=JOINERS + _FORMATTING + "\n\t")


def is_ordinary(character: str) -> bool:
    """Tell whether text on one line may hold a character: one that is displayed, or ordinary formatting."""
    return _is_displayed(character) or character in JOINERS or character in _FORMATTING


def from_latin1(text: str) -> str:
    """Return the text whose UTF-8 bytes `text` carries as latin-1 characters (PEP 3333); `text` if it carries none."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _is_displayed(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cn":
        # A later version of Unicode than that of this Python may have assigned it, unless it is a noncharacter.
        return (
            ord(character) & 0xFFFE != 0xFFFE and not "\ufdd0" <= character <= "\ufdef" and not is_invisible(character)
        )
    return category not in _REFUSED


def _clean(text: str, *, at_most: int, allowed: str) -> str:
    # The cheap bound comes first: normalising is not for texts of any length.
    if len(text) > 4 * at_most:
        raise InvalidValue(f"is too long; at most {at_most} characters are allowed")
    for character in _TAG_SEQUENCE.sub("", text) if "\n" in allowed else text:
        if not _is_displayed(character) and character not in allowed:
            raise InvalidValue(f"contains the character U+{ord(character):04X}, which is not allowed here")
    if "M" * _TOO_MANY_MARKS in "".join(unicodedata.category(character)[0] for character in text):
        raise InvalidValue("has more than 30 combining marks in a row; remove some")
    cleaned = unicodedata.normalize("NFC", text).strip()
    if len(cleaned) > at_most:
        raise InvalidValue(f"is too long; at most {at_most} characters are allowed")
    return cleaned
