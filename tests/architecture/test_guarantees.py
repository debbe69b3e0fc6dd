"""The table of guarantees names tests that there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.findall(
    r"`(\w+Contract|ContractSuite|tests/[\w/]+\.py)(?:\.|::)(\w+)`", (ROOT / "docs/guarantees.md").read_text()
)
SUITES = [path.read_text() for path in (ROOT / "hexaccount/conformance/suites").glob("*.py")]


@pytest.mark.parametrize(("where", "test"), sorted(set(NAMED)))
def test_a_guarantee_is_shown_by_a_test_that_there_is(where: str, test: str) -> None:
    if where.startswith("tests/"):
        texts = [(ROOT / where).read_text()]
    else:
        texts = [text for text in SUITES if f"class {where}" in text]
    assert len(texts) == 1
    assert re.search(rf"^ *def {test}\(", texts[0], re.MULTILINE)


def test_every_line_of_the_table_is_read() -> None:
    lines = [line for line in (ROOT / "docs/guarantees.md").read_text().splitlines() if line.startswith("| **")]
    told_elsewhere = [line for line in lines if not re.search(r"(\.|::)_?\w+`", line)]
    assert len(lines) >= 15
    assert len(told_elsewhere) == 2, "what a crash can lose is shown by the line above, or cannot be shown"
