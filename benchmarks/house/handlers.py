"""The handlers of messages, wherever a checkout registers them."""

import ast
from collections.abc import Iterator

from benchmarks.house.imports import definitions
from benchmarks.house.sources import Checkout, Source, body_lines

_REGISTRY = "hexaccount.bootstrap.handlers"


def handlers(checkout: Checkout) -> dict[str, int]:
    """Return the lines of the body of each handler, by `module.function`."""
    found = {}
    for source in checkout.product:
        for name in _registered(source):
            module, function = _definition(name, source, checkout)
            found[f"{module}.{function.name}"] = body_lines(function)
    return found


def _registered(source: Source) -> Iterator[str]:
    """Yield the names in the `handlers` of a `Capability`, and those given to `handlers.answer`."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id == "Capability":
            for keyword in node.keywords:
                if keyword.arg == "handlers" and isinstance(keyword.value, ast.Dict):
                    yield from (_name(value) for value in keyword.value.values)
        elif source.module == _REGISTRY and ast.unparse(node.func) == "handlers.answer":
            yield _name(node.args[1])


def _name(node: ast.expr) -> str:
    """Return the name of a function, also of one whose arguments are bound: `partial(f, …)`."""
    return _name(node.args[0]) if isinstance(node, ast.Call) else ast.unparse(node)


def _definition(name: str, source: Source, checkout: Checkout) -> tuple[str, ast.FunctionDef]:
    """Find a function by its name in a file, through imports of it or of its module; raises LookupError."""
    if "." in name:
        imported_module, _, name = name.rpartition(".")
        package, its_name = definitions(source, checkout.modules).get(imported_module, ("", imported_module))
        source = checkout.modules[f"{package}.{its_name}" if package else its_name]
    for node in source.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return source.module, node
    imported = definitions(source, checkout.modules).get(name)
    if imported is None:
        raise LookupError(f"{source.path} registers {name} and neither defines nor imports it")
    module, its_name = imported
    return _definition(its_name, checkout.modules[module], checkout)
