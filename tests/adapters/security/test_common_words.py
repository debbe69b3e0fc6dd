"""The file of common words says what zxcvbn's own lists say, which take 14 MB in each process."""

import json
import random
import subprocess
import sys
from itertools import islice

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from hexaccount_security import HashingPool, ZxcvbnEstimator
from hexaccount_security.common_words import FILE, LISTS, LONGEST, RankedWord, find
from tests.adapters.security.written_common_words import written
from tests.servers.processes import without_coverage

ESTIMATE_WITH_ITS_OWN_LISTS = """
import json, sys
from zxcvbn import matching, scoring
print(json.dumps([
    scoring.most_guessable_match_sequence(each, matching.omnimatch(each))["guesses"] for each in json.load(sys.stdin)
], default=float))
"""
SYMBOLS = str.maketrans({"a": "@", "e": "3", "i": "1", "o": "0", "s": "$", "l": "|", "t": "7"})


def passwords() -> list[str]:
    """Return 600 passwords of up to 16 characters, all of which are scored, made of words as people make them."""
    source = random.Random(20261130)
    words = [word for words in FREQUENCY_LISTS.values() for word in words]

    def part() -> str:
        word = source.choice(words)
        return source.choice([
            word, word, word[::-1], word.upper(), word.title(), word.translate(SYMBOLS), f"{word} ", word * 2,
            word.replace("k", "\u212a").replace("i", "\u0130"), str(source.randrange(10**5)), "qwertz", "\u00df", "abc",
        ])  # fmt: skip

    return ["".join(islice(iter(part, None), source.randrange(1, 4)))[:16] for _ in range(600)]


def test_the_file_is_that_of_the_lists_of_the_library() -> None:
    assert FILE.read_bytes() == written(), "run python -m tests.adapters.security.written_common_words"
    assert tuple(FREQUENCY_LISTS) == LISTS
    assert max(len(word) for words in FREQUENCY_LISTS.values() for word in words) == LONGEST


def test_every_word_is_found_in_its_list() -> None:
    for name, words in FREQUENCY_LISTS.items():
        for rank, word in enumerate(words, 1):
            assert find(word) == RankedWord(name, rank)


@pytest.mark.parametrize("text", ["", "notaword", "passwordd", "\u00e9clair", "x" * 100, "\U0001f600"])
def test_what_no_list_has_is_not_found(text: str) -> None:
    assert find(text) is None


def test_a_password_takes_as_many_guesses_as_with_the_lists_of_the_library() -> None:
    """Words that are repeated, reversed, spelled with symbols or in capitals are still known."""
    made = passwords()
    program = [sys.executable, "-c", ESTIMATE_WITH_ITS_OWN_LISTS]
    output = subprocess.run(
        program, input=json.dumps(made), env=without_coverage(), capture_output=True, text=True, timeout=120, check=True
    )
    pool = HashingPool(slots=1, queue=1)
    estimator = ZxcvbnEstimator(pool)
    ours = {each: estimator.estimate(each, ()).guesses for each in made}
    pool.close()
    assert ours == dict(zip(made, map(float, json.loads(output.stdout)), strict=True))
