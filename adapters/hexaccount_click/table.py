"""Text in columns, safe to show on a terminal whatever users have entered."""

import unicodedata
from collections.abc import Sequence

_JOINERS = "\u200c\u200d"  # needed by several scripts, and without width
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_WITHOUT_WIDTH = {"Mn", "Me", "Cf"}


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a line for each row, with its cells made printable and the columns aligned."""
    printed = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(display_width, column)) for column in zip(*printed, strict=True)]
    return [
        "  ".join(cell + " " * (width - display_width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in printed
    ]


def printable(text: str) -> str:
    """Return `text` with escapes for the characters that move the cursor, or hide or reorder other text."""
    return "".join(
        character.encode("unicode_escape", "surrogatepass").decode("ascii")
        if unicodedata.category(character) in _INVISIBLE and character not in _JOINERS
        else character
        for character in text
    )


def display_width(text: str) -> int:
    """Return the width of `text` in columns of a terminal; East Asian wide characters take two."""
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
