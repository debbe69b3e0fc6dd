"""Bodies and parameters as JSON Schema (draft 2020-12, which is what OpenAPI 3.1 takes)."""

import re
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
        described: dict[str, Any] = _plain(schema)
        for name, component in plain.items():
            description = unwrapped(component["description"])
            self._components[name] = {**component, "title": name, "description": description}
        return described

    def components(self) -> Mapping[str, Any]:
        return dict(sorted(self._components.items()))


def unwrapped(text: str) -> str:
    """Return paragraphs of a docstring, each on one line, as Markdown."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _undefaulted(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in schema.items() if name != "default"}


def _short(name: str) -> str:
    """Return the name of a model for clients; `Answer[UserModel]`, a model in its envelope, is a `UserAnswer`."""
    envelope, *models = re.split("[_\\[]", name.rstrip("_]"))
    return "".join(model.removesuffix("Model") for model in models) + envelope.removesuffix("Model")


def _plain(schema: Any) -> Any:
    """Return a schema as a person would write it: models by short names, a type or null as one list of types."""
    if isinstance(schema, list | tuple):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "properties" in schema:
        # What is absent has no value for clients: generators take a member with a default for one that is required.
        schema = {**schema, "properties": {name: _undefaulted(each) for name, each in schema["properties"].items()}}
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
