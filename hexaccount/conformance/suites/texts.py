"""Texts that stores have changed, refused or confused."""

import sys
import unicodedata

from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.text import clean_paragraph

# The two spellings of a pair are one name.
EQUIVALENT_NAMES = {
    "case": ("anna", "ANNA"),
    "width": ("anna", "\uff21\uff4e\uff4e\uff41"),
    "half-width katakana": ("\u30ab\u30ca", "\uff76\uff85"),
    "composed and decomposed": ("j\u00fcrgen", "ju\u0308rgen"),
    "case and composition": ("j\u00fcrgen", "JU\u0308RGEN"),
    "greek case": ("\u03b1\u03bb\u03c6\u03b1", "\u0391\u039b\u03a6\u0391"),
    "cyrillic case": ("\u0438\u0432\u0430\u043d", "\u0418\u0412\u0410\u041d"),
    "case beyond the basic plane": ("\U00010428\U00010429", "\U00010400\U00010401"),
    "order of combining marks": ("a\u0323\u0302", "a\u0302\u0323"),
}

# The two names of a pair look or sort alike in some systems.
DISTINCT_NAMES = {
    "accent": ("anna", "ann\u00e4"),
    "confusable": ("anna", "\u0430nna"),
    "sharp s": ("strasse", "stra\u00dfe"),
    "final sigma": ("\u03b1\u03c3", "\u03b1\u03c2"),
    "dotless i": ("i", "\u0131"),
    "kana": ("\u304b\u306a", "\u30ab\u30ca"),
    "voiced kana": ("\u30cf\u30cf", "\u30d0\u30d0"),
    "number and text": ("1", "01"),
    "number and its other spelling": ("10", "1e1"),
    "wildcard": ("a_c", "abc"),
    "percent": ("a%", "abcd"),
    "digits of two scripts": ("user1", "user\u0967"),
    "long and one longer": ("x" * 63, "x" * 64),
    "backslash": ("a\\b", "a\\\\b"),
    "joiner": ("\u0915\u094d\u0937", "\u0915\u094d\u200d\u0937"),
}

EQUIVALENT_ADDRESSES = {
    "case": ("anna@example.org", "Anna@EXAMPLE.ORG"),
    "width": ("anna@example.org", "\uff41\uff4e\uff4e\uff41@example.org"),
    "sharp s before the @": ("strasse@example.org", "stra\u00dfe@example.org"),
    "ligature": ("office@example.org", "o\ufb03ce@example.org"),
    "composed and decomposed": ("zo\u00eb@example.org", "zoe\u0308@example.org"),
    "punycode": ("anna@b\u00fccher.example", "anna@xn--bcher-kva.example"),
    "full stop": ("anna@example.org", "anna@example\u3002org"),
}

DISTINCT_ADDRESSES = {
    "accent": ("anna@example.org", "ann\u00e4@example.org"),
    "confusable": ("anna@example.org", "\u0430nna@example.org"),
    "dot": ("anna.b@example.org", "annab@example.org"),
    "tag": ("anna@example.org", "anna+tag@example.org"),
    "wildcard": ("a_c@example.org", "abc@example.org"),
    "domain": ("anna@example.org", "anna@example.com"),
    "sharp s in the domain": ("anna@fass.example", "anna@fa\u00df.example"),
    "final sigma in the domain": ("anna@\u03b1\u03c3.example", "anna@\u03b1\u03c2.example"),
    "non-joiner": (
        "anna@\u0646\u0627\u0645\u0647\u0627\u06cc.example",
        "anna@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example",
    ),
}

ADVERSARIAL = {
    "confusables": "\u0430\u0440\u0440le pay\u0440al",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 abc 123",
    "combining marks": "Z" + "\u0300\u0301\u0302\u0303\u0304" * 6 + "algo",
    "astral": "\U0001f9d1\u200d\U0001f680 \U00020000 \U0001d49c \U0001f1e9\U0001f1ea",
    "unassigned": "\u0378 \U000105c9 \U0003fffd",
    "a thousand characters": "\U0001f600" * 1000,
    "quotes": "Robert'); DROP TABLE users;-- \"`",
    "placeholders": "%s %(a)s :name ? $1 {0} {{}} ${x} @p1 \\:b ::text",
    "backslashes": "\\ \\\\ \\n \\u0000 \\x00 \\",
    "json": '{"a": [1, null, true], "$oid": "x"}',
    "looks like null": "null",
    "looks like a number": "00123.4500",
    "looks like a time": "2026-03-01T12:00:00.123Z",
    "looks like a boolean": "true",
    "lines": "one\ntwo\n\n\tthree",
    "inner spaces": "a  b\u00a0c\u3000d",
}

# A name of a person has none of these.
FORMATTED = {
    "formatting": "\u845b\U000e0100 \u2764\ufe0f \u0e01\u200b\u0e02 C\u200e++ a\u00adb",
    "flag of Wales": "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
}


def every_character(size: int = 1000) -> list[str]:
    """Return texts that together contain every character of free text."""
    free = filter(_is_free_text, map(chr, range(sys.maxunicode + 1)))
    # Each mark on a letter, as too many in a row are refused.
    allowed = "".join(f"a{each}" if unicodedata.category(each)[0] == "M" else each for each in free)
    texts = [clean_paragraph(allowed[first : first + size], at_most=4 * size) for first in range(0, len(allowed), size)]
    # Normalization can lengthen a text beyond the limit.
    return [text[:size].strip() for text in texts]


def _is_free_text(character: str) -> bool:
    if unicodedata.category(character) == "Cn":  # most of them
        return False
    try:
        return clean_paragraph(f"a{character}b", at_most=9) == f"a{character}b"
    except InvalidValue:
        return False
