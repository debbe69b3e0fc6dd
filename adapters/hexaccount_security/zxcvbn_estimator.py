from collections.abc import Collection, Mapping, Sequence
from functools import cache, partial
from math import isqrt, prod
from types import ModuleType
from typing import Any

from hexaccount.passwords.ports import GuessEstimate
from hexaccount_security.hashing_pool import HashingPool

_LONGEST = 48
# The time grows with the square of the length, and with each choice of a letter that a symbol may stand for, such as @
# for a: 100 characters with all of these symbols would take ten seconds, and 100 digits a quarter of a second, of pure
# Python, which keeps the interpreter from all other threads.
_SHORTEST, _WORK = 16, 80_000
_OWN = "user_inputs"
_REASONS = {
    _OWN: "is made of the account's own names or address",
    "passwords": "is one of the most common passwords, or much like one",
    "dictionary": "is a common word or name, or much like one",
    "repeat": "repeats itself",
    "sequence": "is a sequence",
    "spatial": "is a row of keys",
    "date": "is a date",
    "regex": "is a year",
    "bruteforce": "is short and simple",
}


class ZxcvbnEstimator:
    """Estimates guesses with zxcvbn, in a hashing pool, so that few estimates run at once.

    At most the first 48 characters count. zxcvbn is imported with the first password that is set, which most processes
    never do, and without its lists (`common_words`).
    """

    def __init__(self, pool: HashingPool) -> None:
        self._pool = pool

    def estimate(self, password: str, own_words: Collection[str]) -> GuessEstimate:
        """Return the guesses that a password takes; raises HashingOverloaded."""
        return self._pool.run(partial(_estimate, password, own_words))


def _estimate(password: str, own_words: Collection[str]) -> GuessEstimate:
    from hexaccount_security.common_words import words_in  # noqa: PLC0415 - few processes set passwords

    matching, scoring = _zxcvbn()
    scored = _scored_part(password, matching)
    # Not its function `zxcvbn`, which leaves the words of one account in a dictionary that all threads use.
    words = {**words_in(_spellings(scored, matching)), _OWN: dict.fromkeys(map(str.lower, own_words), 1)}
    found = scoring.most_guessable_match_sequence(scored, matching.omnimatch(scored, words))
    return GuessEstimate(guesses=float(found["guesses"]), reason=_reason(found["sequence"]))


@cache
def _zxcvbn() -> tuple[ModuleType, ModuleType]:
    from hexaccount_security.common_words import zxcvbn_without_lists  # noqa: PLC0415 - zxcvbn is slow to import

    return zxcvbn_without_lists()


def _spellings(password: str, matching: ModuleType) -> list[str]:
    """Return the texts in which zxcvbn looks for words: forwards, backwards, and with letters in place of symbols."""
    symbols = matching.enumerate_l33t_subs(matching.relevant_l33t_subtable(password, matching.L33T_TABLE))
    spelled = [matching.translate(password, each) for each in symbols]
    return [text.lower() for text in (password, password[::-1], *spelled)]


def _scored_part(password: str, matching: ModuleType) -> str:
    first = password[:_LONGEST]
    # zxcvbn reads it in lower case, in which some letters are two.
    first = first[: max(_SHORTEST, 2 * len(first) - len(first.lower()))]
    choices = prod(map(len, matching.relevant_l33t_subtable(first, matching.L33T_TABLE).values()))
    return first[: max(_SHORTEST, isqrt(_WORK // choices))]


def _reason(sequence: Sequence[Mapping[str, Any]]) -> str:
    lists = [match.get("dictionary_name") for match in sequence]
    longest = max(sequence, key=lambda match: len(match["token"]))
    name = _OWN if _OWN in lists else longest.get("dictionary_name")
    return _REASONS.get(str(name), _REASONS[longest["pattern"]])
