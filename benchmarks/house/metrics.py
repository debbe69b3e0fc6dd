"""The structural metrics of a checkout, by name."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.house.handlers import handlers
from benchmarks.house.imports import When, cycles, read_imports
from benchmarks.house.sources import KIT, Checkout, Source, functions, read_checkout

FILE_LINES, FUNCTION_LINES, PORT_METHODS, HANDLER_LINES = 200, 40, 5, 12
FIELD = "phone"
"""A field of the profile: the files that name it are those that a new field would change."""
_TEXTS = {".py", ".md", ".json", ".feature", ".yaml", ".toml"}


def read_metrics(folder: Path) -> dict[str, Any]:
    """Return the metrics of the files: sizes, violations of limits, and imports."""
    checkout = read_checkout(folder)
    imports = read_imports(checkout)
    answered_by = handlers(checkout)
    return {
        "rooms": _rooms([*checkout.product, *checkout.kit, *checkout.tests]),
        "product": _size(checkout.product),
        "kit": _size(checkout.kit),
        "tests": _size(checkout.tests),
        "long_files": _long_files(checkout.product),
        "long_files_kit": _long_files(checkout.kit),
        "long_files_tests": _long_files(checkout.tests),
        "long_functions": _long_functions(checkout.product),
        "long_functions_kit": _long_functions(checkout.kit),
        "long_functions_tests": _long_functions(checkout.tests),
        "large_ports": _large_ports(checkout),
        "handlers": len(answered_by),
        "long_handlers": _over(answered_by, HANDLER_LINES),
        "private_imports": sorted(imports.private),
        "cycles": cycles(imports.of(When.AT_IMPORT)),
        "cycles_with_functions": cycles(imports.of(When.AT_IMPORT, When.IN_FUNCTIONS)),
        "cycles_with_types": cycles(imports.of(When.AT_IMPORT, When.IN_FUNCTIONS, When.FOR_TYPES)),
        "cycles_with_packages": cycles(imports.of(When.AT_IMPORT, When.BY_PACKAGE)),
        "files_that_name_a_field": _naming(folder),
    }


def _rooms(sources: Iterable[Source]) -> dict[str, dict[str, int]]:
    rooms = defaultdict(list)
    for source in sources:
        rooms[source.room.split("/")[0] if source.room.startswith("tests") else source.room].append(source)
    return {room: _size(rooms[room]) for room in sorted(rooms)}


def _size(sources: list[Source]) -> dict[str, int]:
    return {
        "files": len(sources),
        "lines": sum(source.lines for source in sources),
        "statements": sum(source.statements for source in sources),
    }


def _long_files(sources: list[Source]) -> dict[str, int]:
    return _over({source.path: source.lines for source in sources}, FILE_LINES)


def _long_functions(sources: list[Source]) -> dict[str, int]:
    sizes = {
        f"{source.path}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for source, function in functions(sources)
    }
    return _over(sizes, FUNCTION_LINES)


def _large_ports(checkout: Checkout) -> dict[str, int]:
    """Count all functions in the body of a class that has Protocol among its bases."""
    sizes = {}
    for source in checkout.product:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases):
                methods = [child for child in node.body if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)]
                sizes[f"{source.path}:{node.name}"] = len(methods)
    return _over(sizes, PORT_METHODS)


def _naming(folder: Path) -> dict[str, list[str]]:
    """Return the files with the name of the field: those of the product without the kit, and all others."""
    found: dict[str, list[str]] = {"product": [], "others": []}
    for top in ("hexaccount", "adapters", "tests", "features", "docs", "examples", "config"):
        for file in sorted((folder / top).rglob("*")):
            path = str(file.relative_to(folder))
            if file.suffix in _TEXTS and "docs/adr/" not in path and re.search(rf"\b{FIELD}\b", file.read_text()):
                ours = top in {"hexaccount", "adapters"} and not path.startswith(KIT)
                found["product" if ours else "others"].append(path)
    return found


def _over(sizes: dict[str, int], limit: int) -> dict[str, int]:
    return dict(sorted(((name, size) for name, size in sizes.items() if size > limit), key=lambda item: -item[1]))
