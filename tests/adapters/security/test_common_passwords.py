import json
import subprocess
import sys

import pytest

from hexaccount_security import ZxcvbnCommonPasswords
from tests.servers.processes import without_coverage

COMMON = ["password", "12345678", "qwertyuiop", "iloveyou", "trustno1", "password1", "1qaz2wsx", "corvette"]

LOADING = """
import json, sys
from hexaccount_security import ZxcvbnCommonPasswords

common = ZxcvbnCommonPasswords()
answers = [common.contains("password1"), common.contains("correct horse battery")]
print(json.dumps([answers, sorted(name for name in sys.modules if name.startswith("zxcvbn"))]))
"""


@pytest.fixture(scope="module")
def common() -> ZxcvbnCommonPasswords:
    return ZxcvbnCommonPasswords()


@pytest.mark.parametrize("password", COMMON)
def test_frequent_passwords_are_common_in_every_spelling(common: ZxcvbnCommonPasswords, password: str) -> None:
    wide = "".join(chr(ord(character) + 0xFEE0) for character in password)
    for spelling in (password, password.upper(), password.title(), wide):
        assert common.contains(spelling)


@pytest.mark.parametrize("password", ["correct horse battery", "password1 ", "a long and winding road", "", "1234567"])
def test_rare_passwords_are_not_common(common: ZxcvbnCommonPasswords, password: str) -> None:
    assert not common.contains(password)


def test_the_list_is_long_enough_to_matter(common: ZxcvbnCommonPasswords) -> None:
    assert len(common._folded) > 10_000


def test_the_list_contains_only_valid_passwords(common: ZxcvbnCommonPasswords) -> None:
    assert min(map(len, common._folded)) == 8


def test_only_the_list_of_the_library_stays_in_memory() -> None:
    output = subprocess.check_output([sys.executable, "-c", LOADING], env=without_coverage(), text=True, timeout=60)
    answers, left_behind = json.loads(output)
    assert answers == [True, False]
    assert left_behind == []
