"""The words of zxcvbn's lists, in a file of 751 kB that all processes map: its own dictionaries take 14 MB in each.

The file has a number of 64 bits for each word, sorted: 46 bits of checksums, 3 of its list, 15 of its rank there. Of
10^9 other texts one passes for a word. `python -m tests.adapters.security.written_common_words` writes it from
the lists of the installed zxcvbn (MIT License, Copyright (c) Dropbox, Inc. and Daniel Wolf).
"""

import sys
from bisect import bisect_left
from collections.abc import Iterable
from functools import cache
from mmap import ACCESS_READ, mmap
from pathlib import Path
from types import ModuleType
from typing import NamedTuple
from zlib import crc32

FILE = Path(__file__).with_name("common_words")
LISTS = ("passwords", "english_wikipedia", "female_names", "surnames", "us_tv_and_film", "male_names")
LONGEST = 23
_RANK_BITS, _VALUE_BITS = 15, 18


class RankedWord(NamedTuple):
    """A place in one of LISTS; the most common word has rank 1."""

    list_name: str
    rank: int


def key_of(word: str) -> int:
    """Return the least number that a word may have in the file."""
    text = word.encode()
    return (crc32(text) << 32 | crc32(text[::-1])) >> _VALUE_BITS << _VALUE_BITS


def number_of(word: str, place: RankedWord) -> int:
    """Return the number of a word in the file."""
    return key_of(word) | LISTS.index(place.list_name) << _RANK_BITS | place.rank


@cache
def _numbers() -> memoryview:
    with FILE.open("rb") as file:
        return memoryview(mmap(file.fileno(), 0, access=ACCESS_READ)).cast("Q")


def find(word: str) -> RankedWord | None:
    """Return the place of a word in lower case, None if no list has it."""
    key = key_of(word)
    numbers = _numbers()
    at = bisect_left(numbers, key)
    if at == len(numbers) or numbers[at] >> _VALUE_BITS << _VALUE_BITS != key:
        return None
    number, rank = divmod(numbers[at] - key, 1 << _RANK_BITS)
    return RankedWord(LISTS[number], rank)


def words_in(texts: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return the ranks of the words that occur in these texts, by their lists."""
    found: dict[str, dict[str, int]] = {}
    parts = {
        text[start : start + size] for text in texts for start in range(len(text)) for size in range(1, LONGEST + 1)
    }
    for part in parts:
        if part.isascii() and " " not in part and (place := find(part)):
            found.setdefault(place.list_name, {})[part] = place.rank
    return found


class _RanksOf(dict[str, int]):
    """A list as zxcvbn reads it: only by `in` and by index."""

    def __init__(self, list_name: str) -> None:
        super().__init__()
        self._list_name = list_name

    def __contains__(self, word: object) -> bool:
        place = find(str(word))
        return place is not None and place.list_name == self._list_name

    def __missing__(self, word: str) -> int:
        place = find(word)
        if place is None:
            raise KeyError(word)
        return place.rank


def zxcvbn_without_lists() -> tuple[ModuleType, ModuleType]:
    """Import zxcvbn, and return its modules `matching` and `scoring`; its dictionaries are views of the file."""
    lists = ModuleType("zxcvbn.frequency_lists")
    lists.FREQUENCY_LISTS = {}  # type: ignore[attr-defined]  # the one name that zxcvbn imports of it
    sys.modules.setdefault(lists.__name__, lists)
    from zxcvbn import matching, scoring  # noqa: PLC0415 - after its lists have been replaced

    matching.RANKED_DICTIONARIES.update({name: _RanksOf(name) for name in LISTS})
    return matching, scoring
