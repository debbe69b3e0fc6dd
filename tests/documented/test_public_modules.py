"""docs/public.md names modules that exist, and all that the examples and the documentation import."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from hexaccount.bootstrap.capabilities import OURS

ROOT = Path(__file__).parents[2]
PUBLIC = sorted(set(re.findall(r"`(hexaccount[a-z_.]*)`", (ROOT / "docs/public.md").read_text())) - {"hexaccount"})
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = sorted(path for path in (ROOT / "examples").rglob("*.py") if "build" not in path.parts)


def imported_by(source: str) -> set[str]:
    """Return the modules of this project that a program imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module=str(module)):
                found.add(module)
            case ast.Import(names=names):
                found |= {each.name for each in names}
    return {module for module in found if module.split(".")[0].startswith("hexaccount")}


def programs_of(page: str) -> Iterator[str]:
    """Yield the blocks of Python in a page, and its indented lines that import something."""
    yield from re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    yield from re.findall(r"^ +((?:from|import) hexaccount.*)$", page, re.MULTILINE)


@pytest.mark.parametrize("module", PUBLIC)
def test_a_public_module_can_be_imported_and_has_public_names(module: str) -> None:
    assert [name for name in vars(import_module(module)) if not name.startswith("_")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT / "examples")))
def test_an_example_imports_public_modules_only(path: Path) -> None:
    own = {each.parent.name for each in EXAMPLES if each.name == "__init__.py"}
    imported = {module for module in imported_by(path.read_text()) if module.split(".")[0] not in own}
    assert imported - set(PUBLIC) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_documentation_imports_public_modules_only(page: Path) -> None:
    imported = {module for program in programs_of(page.read_text()) for module in imported_by(program)}
    assert imported - set(PUBLIC) == set()


def test_every_message_is_in_a_public_module() -> None:
    modules = {message.__module__ for capability in OURS for message in capability.handlers}
    assert modules - set(PUBLIC) == set()


def test_a_private_module_is_found() -> None:
    block = "text\n```python\nimport hexaccount.bootstrap.container\nfrom hexaccount.accounts import precis\n```\n"
    (program,) = programs_of(block)
    assert imported_by(program) == {"hexaccount.bootstrap.container", "hexaccount.accounts"}
    assert imported_by(program) - set(PUBLIC) == imported_by(program)
