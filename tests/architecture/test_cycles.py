import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Grimp, the graph behind import-linter, is asked in a process of its own: it has to find the planted tree first.
CYCLES = """
import sys
import grimp
graph = grimp.build_graph(*sys.argv[1:], exclude_type_checking_imports=True, cache_dir=None)
depth, on_path, found = {}, [], []
def visit(module):
    depth[module] = 1
    on_path.append(module)
    for imported in sorted(graph.find_modules_directly_imported_by(module)):
        if imported not in depth:
            visit(imported)
        elif depth[imported] == 1:
            found.append(on_path[on_path.index(imported):] + [imported])
    on_path.pop()
    depth[module] = 2
sys.setrecursionlimit(10000)
for module in sorted(graph.modules):
    if module not in depth:
        visit(module)
print(found)
"""


def cycles(tree: Path) -> list[list[str]]:
    """Return the import cycles among all modules of the product."""
    packages = ["hexaccount", *sorted(folder.parent.name for folder in (tree / "adapters").glob("*/__init__.py"))]
    output = subprocess.run(
        [sys.executable, "-c", CYCLES, *packages],
        env={**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'adapters'}"},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tree,
        check=True,
    ).stdout
    found: list[list[str]] = ast.literal_eval(output)
    return found


def test_no_modules_import_each_other_in_a_circle(source_tree: Path) -> None:
    assert cycles(source_tree) == []


@pytest.mark.parametrize(
    "planted", ["import hexaccount.accounts.user", "def late():\n    import hexaccount.accounts.user"]
)
def test_a_planted_circle_is_found(source_tree: Path, planted: str) -> None:
    victim = source_tree / "hexaccount/accounts/role.py"
    innocent = victim.read_text(encoding="utf-8")
    victim.write_text(f"{innocent}\n{planted}\n", encoding="utf-8")
    try:
        assert any(
            {"hexaccount.accounts.role", "hexaccount.accounts.user"} == set(circle) for circle in cycles(source_tree)
        )
    finally:
        victim.write_text(innocent, encoding="utf-8")
