"""Puts what a document refers to in the place of the reference, where clients do not see the name."""

from collections.abc import Mapping
from typing import Any

_NAMED = "#/components/schemas/"
"""Programs that generate clients name classes after these."""


def resolved(document: Mapping[str, Any]) -> Any:
    """Return the document without references to anything but named schemas, and without what only they name."""
    whole = _resolved({name: part for name, part in document.items() if name != "$defs"}, document, ())
    components = whole.get("components")
    if isinstance(components, dict):
        whole["components"] = {
            name: part for name, part in components.items() if name in {"schemas", "securitySchemes"}
        }
    return whole


def _resolved(part: Any, document: Mapping[str, Any], seen: tuple[str, ...]) -> Any:
    if isinstance(part, list):
        return [_resolved(member, document, seen) for member in part]
    if not isinstance(part, dict):
        return part
    reference = part.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/") and not reference.startswith(_NAMED):
        if reference in seen:
            return {"$ref": "itself"}
        found: Any = document
        for name in reference.removeprefix("#/").split("/"):
            found = found[name.replace("~1", "/").replace("~0", "~")]
        rest = {name: value for name, value in part.items() if name != "$ref"}
        return _resolved({**found, **rest}, document, (*seen, reference))
    return {name: _resolved(value, document, seen) for name, value in part.items()}
