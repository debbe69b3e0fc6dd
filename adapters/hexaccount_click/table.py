"""Text in columns, safe to show on a terminal whatever users have entered."""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeAlias

Forms: TypeAlias = Sequence[str]
"""The spellings of a cell, the longest first."""

_JOINERS = "\u200c\u200d"  # needed by several scripts, and without width
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_GAP = "  "
_NARROWEST = 2


def fit(rows: Sequence[Sequence[Forms]], columns: int) -> list[list[str]]:
    """Return printable cells that fit into a terminal of so many columns.

    They are the longest spellings if these fit, and else shorter ones. What has no shorter one is cut, that of the
    widest columns first: from 80 columns on a date and the usual numbers stay whole.
    """
    spelled = [[[printable(form) for form in forms] for forms in row] for row in rows]
    full = [[forms[0] for forms in row] for row in spelled]
    room = columns - len(_GAP) * (len(full[0]) - 1)
    if sum(_widths(full)) <= room:
        return full
    shorter = [[forms[1:] or forms for forms in row] for row in spelled]

    def spelled_within(most: int) -> list[list[str]]:
        return [[_spell(forms, most) for forms in row] for row in shorter]

    limits = range(_NARROWEST, max(room, _NARROWEST) + 1)
    fitting = bisect_right(limits, room, key=lambda most: sum(_widths(spelled_within(most))))
    return spelled_within(limits[max(fitting - 1, 0)])


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a line for each row, with its cells made printable and the columns aligned."""
    printed = [[printable(cell) for cell in row] for row in rows]
    widths = _widths(printed)
    return [
        _GAP.join(cell + " " * (most - display_width(cell)) for cell, most in zip(row, widths, strict=True)).rstrip()
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
    """Return the width of `text` in columns of a terminal, in which an emoji of several characters takes two."""
    from wcwidth import width  # noqa: PLC0415 - slow to import, and `hexaccount http` prints no table

    return width(text)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(display_width, column)) for column in zip(*rows, strict=True)]


def _spell(forms: Forms, most: int) -> str:
    """Return the longest spelling that is at most so wide, or the beginning of the last one."""
    for form in forms:
        if display_width(form) <= most:
            return form
    from wcwidth import clip  # noqa: PLC0415 - slow to import, and few tables are cut

    return clip(forms[-1], 0, most - 1).rstrip() + "…"
