import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from zxcvbn import matching

from hexaccount.passwords.ports import GuessEstimate
from hexaccount_security import HashingPool, ZxcvbnEstimator
from hexaccount_security.zxcvbn_estimator import _scored_part
from tests.servers.processes import without_coverage

LIMIT = 10**8

LOADING = """
import json, sys
from hexaccount_security import HashingPool, ZxcvbnEstimator

estimator = ZxcvbnEstimator(HashingPool(slots=1, queue=0))
before = "zxcvbn" in sys.modules
estimator.estimate("correct horse battery", ())
lists = sys.modules["zxcvbn.frequency_lists"].FREQUENCY_LISTS
print(json.dumps([before, "zxcvbn" in sys.modules, sum(map(len, lists))]))
"""


@pytest.fixture(scope="module")
def estimator() -> Iterator[ZxcvbnEstimator]:
    pool = HashingPool(slots=2, queue=16)
    yield ZxcvbnEstimator(pool)
    pool.close()


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("password1", "is one of the most common passwords, or much like one"),
        ("Password1!", "is one of the most common passwords, or much like one"),
        ("P@$$w0rd123", "is one of the most common passwords, or much like one"),
        ("QWERTYUIOP", "is one of the most common passwords, or much like one"),
        ("aaaaaaaa", "repeats itself"),
        ("abcdefgh", "is a sequence"),
        ("8765432", "is a sequence"),
        ("xdr5tgbhu8", "is a row of keys"),
        ("24.12.1987", "is a date"),
        ("communicate7", "is a common word or name, or much like one"),
        ("xk7v2p", "is short and simple"),
    ],
)
def test_what_is_soon_guessed_has_a_reason(estimator: ZxcvbnEstimator, password: str, reason: str) -> None:
    estimate = estimator.estimate(password, ())
    assert (estimate.guesses < LIMIT, estimate.reason) == (True, reason)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "a long and winding road",
        "x7Kq9vLz",
        "\u5b57\u3041\u0436\u00f8\u03bb\u00f1\u00df\u20ac",
    ],
)
def test_what_takes_long_to_guess_is_accepted(estimator: ZxcvbnEstimator, password: str) -> None:
    assert estimator.estimate(password, ()).guesses >= LIMIT


def test_the_names_of_an_account_are_guessed_first(estimator: ZxcvbnEstimator) -> None:
    own = estimator.estimate("Zenobia Palmyra 272", ["zenobia palmyra"])
    assert own == GuessEstimate(own.guesses, "is made of the account's own names or address")
    assert own.guesses < LIMIT <= estimator.estimate("Zenobia Palmyra 272", []).guesses


def test_the_names_of_an_account_do_not_stay_in_the_lists_of_the_library(estimator: ZxcvbnEstimator) -> None:
    """All threads use these lists, so that the names of one account would count for another."""
    before = {name: len(words) for name, words in matching.RANKED_DICTIONARIES.items()}
    estimator.estimate("Zenobia Palmyra 272", ["zenobia palmyra"])
    assert {name: len(words) for name, words in matching.RANKED_DICTIONARIES.items()} == before


@pytest.mark.parametrize(
    ("password", "scored"),
    [
        ("correct horse battery", 21),
        ("x" * 128, 48),
        ("1234567890!@#$%^&*()" * 6, 48),
        ("4@8({[<369!|17$5+%20" * 6, 16),
    ],
)
def test_the_more_symbols_may_stand_for_letters_the_fewer_characters_are_scored(password: str, scored: int) -> None:
    """100 characters of the last kind would take ten seconds, of the first few milliseconds."""
    part = _scored_part(password, matching)
    assert part == password[:scored]


def test_a_password_is_estimated_by_its_first_48_characters(estimator: ZxcvbnEstimator) -> None:
    assert estimator.estimate("x" * 48 + "a long and winding road", ()) == estimator.estimate("x" * 48, ())


def test_letters_that_are_two_in_lower_case_count_as_two() -> None:
    assert len(_scored_part("İ" * 48, matching).lower()) <= 48


def test_estimates_are_made_in_the_pool() -> None:
    pool = HashingPool(slots=1, queue=0)
    pool.close()
    with pytest.raises(RuntimeError, match="closed"):
        ZxcvbnEstimator(pool).estimate("correct horse battery", ())


def test_the_library_is_imported_at_the_first_estimate_and_without_its_lists() -> None:
    output = subprocess.check_output([sys.executable, "-c", LOADING], env=without_coverage(), text=True, timeout=60)
    assert json.loads(output) == [False, True, 0]
