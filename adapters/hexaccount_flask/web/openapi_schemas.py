"""Bodies and parameters as JSON Schema (draft 2020-12, which is what OpenAPI 3.1 takes)."""

from collections.abc import Mapping
from typing import Any

import msgspec

_PREFIX = "#/components/schemas/"


class Schemas:
    """The schemas of all types that the document describes."""

    def __init__(self) -> None:
        self._components: dict[str, Any] = {}

    def of(self, kind: Any) -> dict[str, Any]:
        """Return the schema of a type, with references to the models in it."""
        if kind is bytes:
            return {}  # only JSON has a schema
        (schema,), components = msgspec.json.schema_components([kind], ref_template=_PREFIX + "{name}")
        plain = {_short(name): _plain(component) for name, component in components.items()}
        schema = _plain(schema)
        envelope = schema.get("$ref", "").removeprefix(_PREFIX)
        # A generic model is an envelope, which is described in place with the model in it.
        if envelope in plain and "[" in plain[envelope]["title"]:
            whole = plain.pop(envelope)
            schema = {name: whole[name] for name in ("type", "properties", "required")}
        for name, component in plain.items():
            description = unwrapped(component["description"])
            self._components[name] = {**component, "title": name, "description": description}
        return schema

    def components(self) -> Mapping[str, Any]:
        return dict(sorted(self._components.items()))


def unwrapped(text: str) -> str:
    """Return paragraphs of a docstring, each on one line, as Markdown."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _short(name: str) -> str:
    return name.removesuffix("Model")


def _plain(schema: Any) -> Any:
    """Return a schema as a person would write it: models by short names, a type or null as one list of types."""
    if isinstance(schema, list | tuple):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    # The type comes first.
    kind = {"type": schema["type"]} if "type" in schema else {}
    plain = {name: _plain(part) for name, part in {**kind, **schema}.items()}
    if "$ref" in plain:
        plain["$ref"] = _PREFIX + _short(plain["$ref"].removeprefix(_PREFIX))
    match plain.get("anyOf"):
        case [{"type": str(one)} as some, {"type": "null"}]:
            del plain["anyOf"]
            return {**some, "type": [one, "null"], **plain}
    return plain
