"""The UsernameCaseMapped profile of the PRECIS framework (RFC 8264, RFC 8265), for user names."""

import unicodedata

from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.text import is_invisible

_LETTERS_AND_DIGITS = {"Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc"}
# RFC 8264 section 9.6 (by RFC 5892 section 2.6): valid, or never valid, whatever their category says.
_ALWAYS = set("\u00df\u03c2\u06fd\u06fe\u0f0b\u3007")
_NEVER = set("\u0640\u07fa\u302e\u302f\u3031\u3032\u3033\u3034\u3035\u303b")
_ARABIC_INDIC = set("٠١٢٣٤٥٦٧٨٩")
_EXTENDED_ARABIC_INDIC = set("۰۱۲۳۴۵۶۷۸۹")
_JOINERS = "\u200c\u200d"
_MIDDLE_DOT = "\u00b7"
_KERAIA = "\u0375"
_GERESH = "\u05f3\u05f4"
_KATAKANA_DOT = "\u30fb"
_PROLONGED_SOUND = "\u30fc"
_IDEOGRAPHIC_ZERO = "\u3007"
_CONTEXTUAL = {
    *_JOINERS,
    _MIDDLE_DOT,
    _KERAIA,
    *_GERESH,
    _KATAKANA_DOT,
    *_ARABIC_INDIC,
    *_EXTENDED_ARABIC_INDIC,
}
_OLD_HANGUL = ((0x1100, 0x11FF), (0xA960, 0xA97C), (0xD7B0, 0xD7FB))
_VIRAMA = 9


def fold_user_name(text: str) -> tuple[str, str]:
    """Return the name as its owner writes it and the key by which it is compared.

    The name is width-mapped and in NFC (RFC 8265 section 3.4.1), the key lower-cased besides (section 3.3.1).
    Raises InvalidValue for what has no stable spelling.
    """
    name = unicodedata.normalize("NFC", _map_width(text))
    key = name
    for _ in range(4):  # RFC 8264 section 7: apply until the result is stable, or refuse
        mapped = unicodedata.normalize("NFC", _map_width(key).lower())
        if mapped == key:
            return name, key
        key = mapped
    raise InvalidValue("cannot be brought into one stable spelling; choose other characters")


def check_user_name(key: str) -> None:
    """Raise InvalidValue for what the IdentifierClass, the contextual rules or the Bidi rule (RFC 5893) forbid.

    Of the rules for the zero-width non-joiner only that of the virama is implemented. The other one (RFC 5892, A.1)
    needs joining types, which the standard library does not have, so that such names are refused.
    """
    for index, character in enumerate(key):
        if not _allowed(key, index, character):
            raise InvalidValue(
                f"contains the character U+{ord(character):04X}; use letters, digits and ASCII punctuation, no spaces"
            )
    _check_direction(key)


def _map_width(text: str) -> str:
    return "".join(
        unicodedata.normalize("NFKC", character)
        if unicodedata.decomposition(character).startswith(("<wide>", "<narrow>"))
        else character
        for character in text
    )


def _allowed(text: str, index: int, character: str) -> bool:
    if character in _CONTEXTUAL:
        return _fits_context(text, index, character)
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


def _fits_context(text: str, index: int, character: str) -> bool:
    """Apply RFC 5892 appendix A."""
    before = text[index - 1] if index else " "
    after = text[index + 1] if index + 1 < len(text) else " "
    if character in _JOINERS:
        fits = unicodedata.combining(before) == _VIRAMA
    elif character == _MIDDLE_DOT:
        fits = before == after == "l"
    elif character == _KERAIA:
        fits = "GREEK" in unicodedata.name(after, "")
    elif character in _GERESH:
        fits = "HEBREW" in unicodedata.name(before, "")
    elif character == _KATAKANA_DOT:
        fits = any(_is_japanese(other) for other in text)
    else:
        other_digits = _EXTENDED_ARABIC_INDIC if character in _ARABIC_INDIC else _ARABIC_INDIC
        fits = not other_digits.intersection(text)
    return fits


def _is_japanese(character: str) -> bool:
    if character in {_KATAKANA_DOT, _PROLONGED_SOUND}:  # common to several scripts
        return False
    name = unicodedata.name(character, "")
    return character == _IDEOGRAPHIC_ZERO or name.startswith(("HIRAGANA", "KATAKANA", "CJK UNIFIED"))


def _check_direction(text: str) -> None:
    """Refuse a name that would be displayed in another order than it is stored in (RFC 5893 section 2)."""
    classes = [unicodedata.bidirectional(character) for character in text]
    if not {"R", "AL", "AN"}.intersection(classes):
        return
    body = list(classes)
    while body and body[-1] == "NSM":
        body.pop()
    ends_well = bool(body) and body[-1] in {"R", "AL", "EN", "AN"}
    one_way = set(classes) <= {"R", "AL", "AN", "EN", "ES", "CS", "ET", "ON", "BN", "NSM"}
    if classes[0] not in {"R", "AL"} or not ends_well or not one_way or {"EN", "AN"} <= set(classes):
        raise InvalidValue("mixes writing directions in a way that cannot be displayed reliably")
