"""The Python files of a checkout, parsed once."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

KIT = "hexaccount/conformance"


@dataclass(frozen=True)
class Source:
    """A file, its room, and its module; `module` is empty outside the product."""

    path: str
    room: str
    module: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def statements(self) -> int:
        """Return the number of its statements without docstrings."""
        return sum(isinstance(node, ast.stmt) and not _is_text(node) for node in ast.walk(self.tree))

    @property
    def is_package(self) -> bool:
        return self.path.endswith("/__init__.py")


@dataclass(frozen=True)
class Checkout:
    """The product without its conformance kit, the kit, and the tests, of one folder."""

    product: list[Source]
    kit: list[Source]
    tests: list[Source]

    @cached_property
    def modules(self) -> dict[str, Source]:
        return {source.module: source for source in [*self.product, *self.kit]}


def read_checkout(folder: Path) -> Checkout:
    """Read the packages in `hexaccount` and `adapters`, and the tests with their features."""
    hexagon = list(_read(folder, "hexaccount", root=folder))
    adapters = list(_read(folder, "adapters", root=folder / "adapters"))
    return Checkout(
        product=[source for source in [*hexagon, *adapters] if source.room != KIT],
        kit=[source for source in hexagon if source.room == KIT],
        tests=[*_read(folder, "tests", root=None), *_read(folder, "features", root=None)],
    )


def functions(sources: Iterable[Source]) -> Iterator[tuple[Source, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield every function and method."""
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield source, node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines from the first statement after the docstring to the last."""
    body = function.body[1:] if _is_text(function.body[0]) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _read(folder: Path, below: str, *, root: Path | None) -> Iterator[Source]:
    for file in sorted((folder / below).rglob("*.py")):
        path = file.relative_to(folder)
        parts = path.parts
        module = ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__") if root else ""
        room = "/".join(parts[:2]) if len(parts) > 2 else parts[0]
        yield Source(str(path), room, module, file.read_text())


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
