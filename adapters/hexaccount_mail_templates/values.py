"""What stands in the place of a value, in the words of a language."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from babel import Locale
from babel.dates import format_datetime
from babel.lists import format_list
from babel.units import format_unit

from hexaccount.kernel.text import JOINERS

_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
# Control, format, surrogate and private characters, and separators of lines.
_REPLACED = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_MOST = 200
# The first digit of the numbering systems that are the default of a language in CLDR; Babel always writes Latin digits.
_ZEROS = {"arab": "\u0660", "arabext": "\u06f0", "beng": "\u09e6", "deva": "\u0966", "mymr": "\u1040"}
_UNITS = {"day": 86_400, "hour": 3600, "minute": 60, "second": 1}


def is_link(name: str) -> bool:
    """Return whether a value is a URL of the service, by its name."""
    return name == "link" or name.endswith("_link")


def in_words(values: Mapping[str, object], locale: Locale) -> dict[str, object]:
    """Return the values as a template shows them, and `service`, the host of the links.

    Texts become one line and cannot reorder what surrounds them, moments and durations become words, the name in
    `new_address` is hidden.
    """
    links = {name: "".join(value.split()) for name, value in values.items() if is_link(name) and isinstance(value, str)}
    service = next((urlsplit(link).netloc for link in links.values()), "")
    shown = {name: _in_words(name, value, locale) for name, value in {**values, "service": service}.items()}
    return {**shown, **links}


def _in_words(name: str, value: object, locale: Locale) -> object:
    match value:
        case str():
            return _isolated(_one_line(_masked(value) if name == "new_address" else value), locale)
        case datetime():
            return _digits(format_datetime(value, "long", tzinfo=UTC, locale=locale), locale)
        case timedelta():
            return _digits(_duration(value, locale), locale)
        case _:
            return value


def _one_line(text: str) -> str:
    """Return a text of at most 200 characters without those that end lines, hide or reorder text."""
    replaced = (
        " " if unicodedata.category(each) in _REPLACED and each not in JOINERS else each for each in text[: 2 * _MOST]
    )
    line = " ".join("".join(replaced).split())
    return line if len(line) <= _MOST else f"{line[: _MOST - 1]}…"


def _isolated(text: str, locale: Locale) -> str:
    """Isolate a text whose direction may differ from that of the language (Unicode Standard Annex #9, 2.4.2)."""
    mixed = locale.text_direction == "rtl" or any(unicodedata.bidirectional(each) in {"R", "AL", "AN"} for each in text)
    return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}" if text and mixed else text


def _masked(address: str) -> str:
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _duration(duration: timedelta, locale: Locale) -> str:
    """Return the two largest units of a duration, rounded down, so that nobody comes too late."""
    rest = max(int(duration.total_seconds()), 1)
    parts = []
    for unit, seconds in _UNITS.items():
        number, rest = divmod(rest, seconds)
        if number:
            parts.append(format_unit(number, unit, locale=locale))
    return format_list(parts[:2], style="unit", locale=locale)


def _digits(text: str, locale: Locale) -> str:
    zero = _ZEROS.get(locale.default_numbering_system)
    return text.translate({ord("0") + digit: chr(ord(zero) + digit) for digit in range(10)}) if zero else text
