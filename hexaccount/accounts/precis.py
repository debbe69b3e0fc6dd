"""The UsernameCaseMapped profile of the PRECIS framework (RFC 8264, RFC 8265), for user names."""

import re
import unicodedata

import idna

from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.text import is_invisible

_LETTERS_AND_DIGITS = {"Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc"}
# RFC 8264 section 9.6 (by RFC 5892 section 2.6): valid, or never valid, whatever their category says.
_ALWAYS = set("\u00df\u03c2\u06fd\u06fe\u0f0b\u3007")
_NEVER = set("\u0640\u07fa\u302e\u302f\u3031\u3032\u3033\u3034\u3035\u303b")
# Valid in some contexts only (RFC 5892, appendix A).
_CONTEXTUAL = {
    *"\u200c\u200d\u00b7\u0375\u05f3\u05f4\u30fb",
    *map(chr, range(0x0660, 0x066A)),
    *map(chr, range(0x06F0, 0x06FA)),
}
_ASCII_NAME = re.compile("[!-~]*")
_OLD_HANGUL = ((0x1100, 0x11FF), (0xA960, 0xA97C), (0xD7B0, 0xD7FB))


def fold_user_name(text: str) -> tuple[str, str]:
    """Return the name as its owner writes it and the key by which it is compared.

    The name is width-mapped and in NFC (RFC 8265 section 3.4.1), the key lower-cased besides (section 3.3.1).
    Raises InvalidValue for what has no stable spelling.
    """
    if text.isascii():  # nothing else is mapped there, which the tests compare
        return text, text.lower()
    name = unicodedata.normalize("NFC", map_width(text))
    key = name
    for _ in range(4):  # RFC 8264 section 7: apply until the result is stable, or refuse
        mapped = unicodedata.normalize("NFC", map_width(key).lower())
        if mapped == key:
            return name, key
        key = mapped
    raise InvalidValue("cannot be brought into one stable spelling; choose other characters")


def check_user_name(key: str) -> None:
    """Raise InvalidValue for what the IdentifierClass, the contextual rules or the Bidi rule (RFC 5893) forbid."""
    if _ASCII_NAME.fullmatch(key):  # which tests compare with what follows
        return
    for index, character in enumerate(key):
        if not _allowed(key, index, character):
            raise InvalidValue(
                f"contains the character U+{ord(character):04X}; use letters, digits and ASCII punctuation, no spaces"
            )
    try:
        idna.check_bidi(key)
    except idna.IDNABidiError:
        raise InvalidValue("mixes writing directions in a way that cannot be displayed reliably") from None


def map_width(text: str) -> str:
    """Return the text with full-width and half-width characters in their usual width (RFC 8265, 3.3)."""
    return "".join(
        unicodedata.normalize("NFKC", character)
        if unicodedata.decomposition(character).startswith(("<wide>", "<narrow>"))
        else character
        for character in text
    )


def fits_context(text: str, index: int) -> bool:
    """Tell whether a character is one that is valid in some contexts only (RFC 5892, appendix A), and is in one."""
    try:
        return idna.valid_contextj(text, index) or idna.valid_contexto(text, index)
    except ValueError:  # a neighbour has no name in Unicode's tables, as no ideograph of Tangut has
        return False


def _allowed(text: str, index: int, character: str) -> bool:
    if character in _CONTEXTUAL:
        return fits_context(text, index)
    if character in _ALWAYS or "\u0021" <= character <= "\u007e":
        return True
    return (
        character not in _NEVER
        and not is_invisible(character)
        and not any(first <= ord(character) <= last for first, last in _OLD_HANGUL)
        # HasCompat: a compatibility form has a plain spelling
        and unicodedata.normalize("NFKC", character) == character
        and unicodedata.category(character) in _LETTERS_AND_DIGITS
    )
