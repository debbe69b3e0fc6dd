import ast
import sys
from collections.abc import Collection
from pathlib import Path

import pytest


def imported_modules(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def foreign_imports(ring: Path, allowed: Collection[str]) -> list[str]:
    """Return what the modules of a ring import besides the standard library and the packages it may know."""
    return [
        f"{file.name}: {module}"
        for file in sorted(ring.rglob("*.py"))
        for module in sorted(imported_modules(file))
        if module.partition(".")[0] not in sys.stdlib_module_names
        and not any(module == package or module.startswith(f"{package}.") for package in allowed)
    ]


def test_the_hexagon_knows_only_itself_the_standard_library_and_the_rules_of_domain_names(root: Path) -> None:
    rooms = [
        room.parent
        for room in (root / "hexaccount").glob("*/__init__.py")
        if room.parent.name not in {"bootstrap", "conformance", "testing"}
    ]
    assert len(rooms) > 10
    for room in rooms:
        # What a domain name may be is part of the domain, as `unicodedata` is of the standard library (ADR 43).
        libraries = ["idna"] if room.name == "accounts" else []
        assert foreign_imports(room, [*libraries, *(f"hexaccount.{known.name}" for known in rooms)]) == []


def test_the_verifier_can_be_used_with_nothing_else_of_ours(root: Path) -> None:
    known = ["hexaccount_verifier", "jwt", "cryptography"]
    assert foreign_imports(root / "verifier/hexaccount_verifier", known) == []


@pytest.mark.parametrize(
    "statement",
    [
        "import attrs",
        "import hexaccount",
        "from hexaccount import accounts",
        "from hexaccount.sessions import session",
        "from hexaccount.accountsless import x",
        "from . import user",
        "def late():\n    import pydantic",
        "if TYPE_CHECKING:\n    from sqlalchemy import Engine",
    ],
)
def test_any_other_import_is_found(tmp_path: Path, statement: str) -> None:
    (tmp_path / "user.py").write_text(f"import re\nfrom hexaccount.accounts import role\n{statement}\n")
    assert len(foreign_imports(tmp_path, ["hexaccount.accounts"])) == 1
