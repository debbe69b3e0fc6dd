"""Run with `python -m tests.documented.contract`: dump the contract with clients, and compare two dumps.

`dump FILE` writes what the installed product offers to clients, operators and subscribers as JSON. `compare BEFORE
AFTER` prints every structural difference and fails if there is one; differences of wording are counted. `--renames`
names a TOML or JSON file of tables, one for each section of a dump, which map old names to new ones.
"""

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import click

from tests.documented.contract.comparison import compare
from tests.documented.contract.dump import dump


def _read_renames(file: Path | None) -> dict[str, dict[str, str]]:
    if file is None:
        return {}
    renames: dict[str, dict[str, str]] = (json if file.suffix == ".json" else tomllib).loads(file.read_text())
    return renames


def _compare(before: dict[str, Any], after: dict[str, Any], renames: dict[str, dict[str, str]], wording: bool) -> int:
    found = compare(before, after, renames)
    for difference in found.structural:
        click.echo(difference)
    for name in found.unused_renames:
        click.echo(f"unused rename: {name}")
    if wording:
        click.echo("\n".join(f"wording: {path}" for path in found.wording))
    click.echo(f"{len(found.structural)} structural differences, {len(found.wording)} of wording")
    return 1 if found.structural or found.unused_renames else 0


def main() -> int:
    """Return the exit code: 1 if a difference is structural, or if a rename changes nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.documented.contract", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("dump").add_argument("file", type=Path)
    comparing = commands.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    comparing.add_argument("--renames", type=Path)
    comparing.add_argument("--wording", action="store_true", help="list where the wording differs")
    chosen = parser.parse_args()
    if chosen.command == "dump":
        chosen.file.write_text(json.dumps(dump(), indent=1, sort_keys=True, ensure_ascii=False) + "\n")
        return 0
    before, after = (json.loads(file.read_text()) for file in (chosen.before, chosen.after))
    return _compare(before, after, _read_renames(chosen.renames), chosen.wording)


if __name__ == "__main__":
    sys.exit(main())
