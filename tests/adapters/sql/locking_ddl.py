"""What a linter of PostgreSQL's migrations, squawk, has against statements."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_OF_STYLE = [
    "prefer-bigint-over-int",  # what is counted in integers ends with its aggregate
    "prefer-robust-stmts",  # a transaction that fails leaves nothing, and the rest of `online` may be repeated
    "prefer-text-field",  # Alembic's note of its version
]


def refusals(statements: Sequence[str]) -> list[str]:
    """Return which rules the statements of one migration break, in their order."""
    squawk = Path(sys.executable).with_name("squawk")
    assert squawk.exists(), "squawk is missing: pip install 'hexaccount[test]' brings it (squawk-cli)"
    argv = [squawk, "--reporter", "json", "--pg-version", "15", f"--exclude={','.join(_OF_STYLE)}"]
    text = "".join(f"{_without_parameters(statement)};\n" for statement in statements)
    told = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode in {0, 1}, told.stderr
    return [found["rule_name"] for found in json.loads(told.stdout or "[]")]


def _without_parameters(statement: str) -> str:
    """Put PostgreSQL's form of a parameter in the place of the driver's."""
    return re.sub(r"%\(\w+\)s", "$1", statement.strip())
