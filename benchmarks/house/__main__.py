"""Run with `python -m benchmarks.house [DIR]`: the structural metrics of a checkout, as a table or as JSON.

Lines are all lines of a file; statements are those of the syntax tree, docstrings excluded. The code of DIR is run with
the libraries of this environment.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.house.metrics import FIELD, FILE_LINES, FUNCTION_LINES, HANDLER_LINES, PORT_METHODS, read_metrics
from benchmarks.house.running import help_seconds, modules_crossed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.house", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), metavar="DIR")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--from", dest="earlier", type=Path, metavar="FILE", help="show the output of --json")
    parser.add_argument("--no-run", action="store_true", help="leave out what needs the code to run")
    chosen = parser.parse_args()
    folder = chosen.folder.resolve()
    if chosen.earlier:
        found = json.loads(chosen.earlier.read_text())
    else:
        found = read_metrics(folder)
        if not chosen.no_run:
            found |= {"crossed": modules_crossed(folder), "help": help_seconds(folder)}
    print(json.dumps(found, indent=1) if chosen.json else _table(found))


def _table(found: dict[str, Any]) -> str:
    rows = [("room", "files", "lines", "statements"), ("---", "---:", "---:", "---:")]
    sizes = found["rooms"] | {
        "**product without the kit**": found["product"],
        "**conformance kit**": found["kit"],
        "**tests and features**": found["tests"],
    }
    rows += [(name, *(f"{size[part]:,}" for part in ("files", "lines", "statements"))) for name, size in sizes.items()]
    counts = [("metric", "count", "which"), ("---", "---:", "---"), *_counts(found)]
    return (
        "\n".join("| " + " | ".join(row) + " |" for row in rows)
        + "\n\n"
        + "\n".join("| " + " | ".join(row) + " |" for row in counts)
    )


def _counts(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    fields = found["files_that_name_a_field"]
    rows = [
        *(
            (f"files over {FILE_LINES} lines, {of}", *_listed(found[f"long_files{key}"]))
            for of, key in (("product", ""), ("kit", "_kit"), ("tests", "_tests"))
        ),
        *(
            (f"functions over {FUNCTION_LINES} lines, {of}", *_listed(found[f"long_functions{key}"]))
            for of, key in (("product", ""), ("kit", "_kit"), ("tests", "_tests"))
        ),
        (f"Protocol classes over {PORT_METHODS} methods", *_listed(found["large_ports"])),
        (f"handlers over {HANDLER_LINES} lines, of {found['handlers']}", *_listed(found["long_handlers"])),
        ("private modules or names imported across packages", *_listed(found["private_imports"])),
        *(
            (f"import cycles{of}", *_listed([" ↔ ".join(cycle) for cycle in found[key]]))
            for of, key in (
                (" at module level", "cycles"),
                (", with imports in functions", "cycles_with_functions"),
                (", with those for the type checker too", "cycles_with_types"),
                (" at module level, with the packages that are run", "cycles_with_packages"),
            )
        ),
        (f"product files that name `{FIELD}`", *_listed(fields["product"])),
        (f"other files that name `{FIELD}`", *_listed(fields["others"])),
    ]
    rows += [(f"modules crossed by `{name}`", *_listed(modules)) for name, modules in found.get("crossed", {}).items()]
    names = {"seconds": "seconds of `hexaccount --help`", "processor_seconds": "of the processor's"}
    rows += [(names[part], f"{seconds:.3f}", "median of 11") for part, seconds in found.get("help", {}).items()]
    return rows


def _listed(found: dict[str, int] | list[str]) -> tuple[str, str]:
    shown = [f"{name} {size}" for name, size in found.items()] if isinstance(found, dict) else found
    return str(len(found)), ", ".join(shown)


if __name__ == "__main__":
    main()
