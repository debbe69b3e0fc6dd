"""Run with `python -m tests.adapters.security.written_common_words`: writes the file from the lists of zxcvbn."""

from array import array

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from hexaccount_security import common_words
from hexaccount_security.common_words import RankedWord, number_of


def written() -> bytes:
    """Return what the file has to contain; in processors of the other byte order it would differ."""
    numbers = [
        number_of(word, RankedWord(name, rank))
        for name, words in FREQUENCY_LISTS.items()
        for rank, word in enumerate(words, 1)
    ]
    return array("Q", sorted(numbers)).tobytes()


if __name__ == "__main__":
    common_words.FILE.write_bytes(written())
