"""What does not change from run to run of a JSON document: its members, the types of their values, and its codes."""

from typing import Any

_CONSTANT = {"code", "type", "pointer", "status", "kty", "alg", "use", "algorithm", "state"}


def shape_of(value: Any, key: str = "") -> Any:
    """Return a document with the names of types in the place of values, but for those that clients compare."""
    if isinstance(value, dict):
        return {name: shape_of(member, name) for name, member in value.items()}
    if isinstance(value, list):
        return [shape_of(member) for member in value]
    return value if key in _CONSTANT or value is None else type(value).__name__
