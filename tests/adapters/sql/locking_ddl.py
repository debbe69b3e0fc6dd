"""Runs squawk, a linter of PostgreSQL migrations."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_EXCLUDED_RULES = [
    "prefer-bigint-over-int",  # integers count events of one aggregate
    "prefer-robust-stmts",  # a failed transaction leaves nothing, and the operations of `online` may be repeated
    "prefer-text-field",  # Alembic's version table
]


def refusals(statements: Sequence[str]) -> list[str]:
    """Return the rules that the statements of one migration break, in order."""
    squawk = Path(sys.executable).with_name("squawk")
    assert squawk.exists(), "install squawk: pip install 'hexaccount[test]' (squawk-cli)"
    argv = [squawk, "--reporter", "json", "--pg-version", "15", f"--exclude={','.join(_EXCLUDED_RULES)}"]
    text = "".join(f"{_without_parameters(statement)};\n" for statement in statements)
    result = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode in {0, 1}, result.stderr
    return [found["rule_name"] for found in json.loads(result.stdout or "[]")]


def _without_parameters(statement: str) -> str:
    """Replace the driver's placeholders by PostgreSQL's."""
    return re.sub(r"%\(\w+\)s", "$1", statement.strip())
