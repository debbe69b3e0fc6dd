"""docs/realtime.md shows what the examples do, which tests run."""

import re

import pytest

from tests.architecture.test_documents import ROOT

EXAMPLES = {"js": "browser_app/live.js", "python": "realtime_listener/listen.py"}


@pytest.mark.parametrize("language", EXAMPLES)
def test_it_connects_as_the_example_does(language: str) -> None:
    page = (ROOT / "docs/realtime.md").read_text()
    example = (ROOT / "examples" / EXAMPLES[language]).read_text()
    (program,) = re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    # What it does with events is its own; what it does about tokens is not.
    lines = [line.strip() for line in program.splitlines() if line.strip() and "console" not in line]
    known = {line.strip() for line in example.splitlines()}
    if language == "python":
        lines = [line for line in lines if "tokens." in line]
        assert len(lines) == 2
    assert [line for line in lines if line not in known] == []
