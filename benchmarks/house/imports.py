"""Which module of the product imports which, and the cycles among them."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from benchmarks.house.sources import Checkout, Source


class When(Enum):
    """When an import takes place: with its module, when a function is called, or only for the type checker.

    BY_PACKAGE is the `__init__` of another package, which runs before the module in it that is imported.
    """

    AT_IMPORT = "at_import"
    IN_FUNCTIONS = "in_functions"
    FOR_TYPES = "for_types"
    BY_PACKAGE = "by_package"


@dataclass
class Imports:
    """Imported modules by the importing one, for each kind of import."""

    edges: dict[When, dict[str, set[str]]] = field(default_factory=lambda: {when: {} for when in When})
    private: set[str] = field(default_factory=set)

    def of(self, *kinds: When) -> dict[str, set[str]]:
        """Return the edges of these kinds together."""
        found: dict[str, set[str]] = {}
        for kind in kinds:
            for module, imported in self.edges[kind].items():
                found[module] = found.get(module, set()) | imported
        return found


def read_imports(checkout: Checkout) -> Imports:
    """Read all imports; `private` has the modules, and the names, with an underscore that other packages import."""
    found = Imports()
    for module, source in checkout.modules.items():
        for node, when in _import_nodes(source.tree, When.AT_IMPORT):
            for imported, name in _targets(node, source, checkout.modules):
                found.edges[when].setdefault(module, set()).add(imported)
                if when is When.AT_IMPORT:
                    found.edges[When.BY_PACKAGE].setdefault(module, set()).update(_packages(imported, module))
                if _crosses(source, imported) and _is_private(imported, name):
                    found.private.add(f"{module} imports {imported}" + (f".{name}" if name else ""))
    return found


def cycles(edges: Mapping[str, set[str]]) -> list[list[str]]:
    """Return each set of modules that reach each other, largest first."""
    reached = {module: _reachable(module, edges) for module in edges}
    found = {
        frozenset(other for other in reached[module] if module in reached.get(other, ()))
        for module in edges
        if module in reached[module]
    }
    return sorted((sorted(cycle) for cycle in found if len(cycle) > 1), key=lambda cycle: (-len(cycle), cycle))


def definitions(source: Source, modules: Mapping[str, Source]) -> dict[str, tuple[str, str]]:
    """Return the module and the name there of what a module imports, by its name here."""
    found = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom):
            base = _base(node, source)
            found.update({alias.asname or alias.name: (base, alias.name) for alias in node.names if base in modules})
    return found


def _import_nodes(node: ast.AST, when: When) -> Iterator[tuple[ast.Import | ast.ImportFrom, When]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, when
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for statement in child.body:
                yield from _import_nodes(ast.Module([statement], []), When.FOR_TYPES)
            for statement in child.orelse:
                yield from _import_nodes(ast.Module([statement], []), when)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and when is When.AT_IMPORT:
            yield from _import_nodes(child, When.IN_FUNCTIONS)
        else:
            yield from _import_nodes(child, when)


def _targets(
    node: ast.Import | ast.ImportFrom, source: Source, modules: Mapping[str, Source]
) -> Iterator[tuple[str, str]]:
    """Yield each imported module of the product, and the name that is taken from it."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, "") for alias in node.names if alias.name in modules)
        return
    base = _base(node, source)
    for alias in node.names:
        if f"{base}.{alias.name}" in modules:
            yield f"{base}.{alias.name}", ""
        elif base in modules:
            yield base, alias.name


def _base(node: ast.ImportFrom, source: Source) -> str:
    if not node.level:
        return node.module or ""
    package = source.module.split(".")
    above = node.level - 1 if source.is_package else node.level
    return ".".join([*package[: len(package) - above], *([node.module] if node.module else [])])


def _reachable(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    open_ = [start]
    while open_:
        for module in edges.get(open_.pop(), set()) - found:
            found.add(module)
            open_.append(module)
    return found


def _packages(imported: str, module: str) -> Iterator[str]:
    """Yield the packages around an imported module that are not around the importing one."""
    package = imported.rpartition(".")[0]
    while package and not f"{module}.".startswith(f"{package}."):
        yield package
        package = package.rpartition(".")[0]


def _crosses(source: Source, imported: str) -> bool:
    owner = imported.rpartition(".")[0] or imported
    return source.module != owner and not source.module.startswith(f"{owner}.")


def _is_private(imported: str, name: str) -> bool:
    parts = [*imported.split("."), name]
    return any(part.startswith("_") and not part.startswith("__") for part in parts)
