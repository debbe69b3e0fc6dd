"""Bodies and parameters as JSON Schema (draft 2020-12, which is what OpenAPI 3.1 takes)."""

from collections.abc import Mapping
from typing import Any

import msgspec

_PLACE = "#/components/schemas/"


class Schemas:
    """Keeps the schemas of what the document has spoken of."""

    def __init__(self) -> None:
        self._components: dict[str, Any] = {}

    def of(self, kind: Any) -> dict[str, Any]:
        """Return the schema of a type, which refers to those of the models in it."""
        if kind is bytes:
            return {}  # what is not JSON has a media type, and no schema
        (schema,), components = msgspec.json.schema_components([kind], ref_template=_PLACE + "{name}")
        plain = {_short(name): _plain(component) for name, component in components.items()}
        schema = _plain(schema)
        envelope = schema.get("$ref", "").removeprefix(_PLACE)
        # A generic model is an envelope, which each answer shows with what is in it.
        if envelope in plain and "[" in plain[envelope]["title"]:
            whole = plain.pop(envelope)
            schema = {name: whole[name] for name in ("type", "properties", "required")}
        for name, component in plain.items():
            description = flowing(component["description"])
            self._components[name] = {**component, "title": name, "description": description}
        return schema

    def components(self) -> Mapping[str, Any]:
        """Return the models by their names."""
        return dict(sorted(self._components.items()))


def flowing(text: str) -> str:
    """Return paragraphs as Markdown has them, whose lines were broken for a source file."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _short(name: str) -> str:
    return name.removesuffix("Model")


def _plain(schema: Any) -> Any:
    """Return a schema as a person would write it: models by short names, `string or null` as one type."""
    if isinstance(schema, list | tuple):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    # What kind of thing it is comes first.
    kind = {"type": schema["type"]} if "type" in schema else {}
    told = {name: _plain(part) for name, part in {**kind, **schema}.items()}
    if "$ref" in told:
        told["$ref"] = _PLACE + _short(told["$ref"].removeprefix(_PLACE))
    match told.get("anyOf"):
        case [{"type": str(one)} as some, {"type": "null"}]:
            del told["anyOf"]
            return {**some, "type": [one, "null"], **told}
    return told
