"""Finds the settings, metrics and commands that the code declares, whatever its modules are called."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import click
import msgspec

import hexaccount
import hexaccount_click
from tests.documented.contract.references import resolved

_HELP = ("help", "told")
_TYPES = {"COUNT": "counter", "COUNTER": "counter", "DISTRIBUTION": "histogram", "HISTOGRAM": "histogram"}
_AGGREGATIONS = {"LEAST": "min"}
"""Of gauges, how the figures of several processes become one; a name that is not here is as it is written."""


def settings_schema() -> Any:
    """Return the JSON Schema of all settings, with types, bounds and defaults."""
    found = {value for value in _values() if isinstance(value, type) and value.__name__ == "Settings"}
    (settings,) = [value for value in found if issubclass(value, msgspec.Struct)]
    schema = resolved(msgspec.json.schema(settings))
    return _untitled(schema)


def declared_metrics() -> dict[str, dict[str, Any]]:
    """Return every metric by its name, also those that only other commands or settings bring."""
    found = {}
    for value in _values():
        for one in value if isinstance(value, list | tuple | set | frozenset) else (value,):
            name = getattr(one, "name", None)
            if isinstance(name, str) and name.startswith("hexaccount_") and hasattr(one, "buckets"):
                found[name] = _metric(one)
    return found


def _metric(metric: Any) -> dict[str, Any]:
    kind = metric.kind.name
    return {
        "type": _TYPES.get(kind, "gauge"),
        "aggregation": None if kind in _TYPES else _AGGREGATIONS.get(kind, kind.lower()),
        "labels": list(metric.labels),
        "buckets": list(metric.buckets),
        "help": next(getattr(metric, name) for name in _HELP if hasattr(metric, name)),
    }


def _untitled(part: Any) -> Any:
    """Return a schema without titles, which msgspec makes of the names of classes."""
    if isinstance(part, list):
        return [_untitled(member) for member in part]
    if not isinstance(part, dict):
        return part
    return {name: _untitled(value) for name, value in part.items() if name != "title" or not isinstance(value, str)}


def program() -> click.Group:
    """Return the group of all commands."""
    found = {id(value): value for value in _values(hexaccount_click) if isinstance(value, click.Group)}
    (group,) = [value for value in found.values() if value.name == "hexaccount"]
    return group


def _values(package: ModuleType = hexaccount) -> Iterator[Any]:
    """Yield what all modules of a package define or import."""
    yield from list(vars(package).values())
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.startswith("hexaccount.conformance") and not found.name.endswith("__main__"):
            yield from list(vars(import_module(found.name)).values())
