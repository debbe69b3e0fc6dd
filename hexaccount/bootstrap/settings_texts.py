"""Refuses texts of settings with characters that their author does not see, such as the end of a line.

Libraries do not agree on them: some drop a tab from a URL, some end a text at a NUL, and most take all as written.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any

import msgspec

from hexaccount.bootstrap.settings import Settings, SettingsError

_UNSEEN = {"Cc", "Cf", "Zl", "Zp"}
_KEYS = {"jwt.key", "personal_data.previous_key"}
_PEM = "-----BEGIN"


def check_texts(settings: Settings | dict[str, Any]) -> None:
    """Raise SettingsError, which names the setting, for a control character, and for bytes that are not UTF-8.

    Characters that format a text may stand inside of it, and the ends of lines inside of a key.
    """
    for name, text in _texts(msgspec.to_builtins(settings), ""):
        # A key in PEM ends with the end of a line.
        ends = text.rstrip("\r\n") if text.startswith(_PEM) else text
        refused = [each for each in (ends[:1], ends[-1:]) if each and unicodedata.category(each) in _UNSEEN]
        allowed = "\r\n" if name in _KEYS else ""
        refused += [each for each in text if unicodedata.category(each) == "Cc" and each not in allowed]
        if refused:
            raise SettingsError(f"{name}: remove the character U+{ord(refused[0]):04X}, which is not displayed")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise SettingsError(f"{name}: it contains bytes that are not UTF-8 text; set it to text") from None


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield the texts in a setting, each with its dotted name."""
    match value:
        case str():
            yield name, value
        case list() | tuple():
            for number, item in enumerate(value):
                yield from _texts(item, f"{name}[{number}]")
        case dict():
            for key, item in value.items():
                yield from _texts(item, f"{name}.{key}".lstrip("."))
