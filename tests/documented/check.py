"""Checks responses against the OpenAPI document, with the JSON Schema validator of a library."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule

from tests.documented.formats import format_checker

_OF_THE_MESSAGE = {"content-type", "content-length", "date", "server", "connection", "strict-transport-security"}
"""Headers of the HTTP message itself, and of a proxy with TLS."""

_FORMATS = format_checker()


@dataclass(frozen=True)
class Exchange:
    """A response as a client gets it, and its request."""

    method: str
    path: str
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def __str__(self) -> str:
        return f"{self.status} to {self.method} {self.path}"

    def header(self, name: str) -> str | None:
        return next((value for other, value in self.headers if other.lower() == name.lower()), None)


class DocumentCheck:
    """Checks responses against a document, which has to describe all that they contain."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        # Clients must ignore members that are not documented; this check must not.
        self._document = _closed(document)
        self._validators: dict[str, Draft202012Validator] = {}
        self._paths = Map(
            [Rule(path.replace("{", "<").replace("}", ">"), endpoint=path) for path in document["paths"]],
            merge_slashes=False,
            redirect_defaults=False,
        ).bind("")

    def faults(self, answer: Exchange) -> list[str]:
        """Return the faults of a response."""
        return [f"{answer}: {fault}" for fault in self._faults(answer)]

    def _faults(self, answer: Exchange) -> Iterator[str]:
        if self._is_preflight(answer):
            return
        operations = self._operations_at(answer.path)
        method = "GET" if answer.method == "HEAD" else answer.method
        if operations is None:
            yield from self._is_refused(answer, 404, "not_found")
        elif not method.isupper() or method.lower() not in operations:  # methods are case-sensitive
            yield from self._is_refused(answer, 405, "method_not_allowed")
            expected = {name.upper() for name in operations} | ({"HEAD"} if "get" in operations else set())
            if set((answer.header("Allow") or "").split(", ")) != expected:
                yield f"Allow is {answer.header('Allow')} in the place of {expected}"
        else:
            stated = operations[method.lower()]["responses"].get(str(answer.status))
            if stated is None:
                yield "the status is not documented"
            else:
                yield from self._differs(answer, self._resolved(stated))

    def _operations_at(self, path: str) -> Mapping[str, Any] | None:
        if path.startswith("//"):  # which the map would take for one slash
            return None
        try:
            template, _ = self._paths.match(path)
        except NotFound:
            return None
        operations: Mapping[str, Any] = self._document["paths"][template]
        return operations

    @staticmethod
    def _is_preflight(answer: Exchange) -> bool:
        allowed = answer.header("Access-Control-Allow-Methods")
        return answer.method == "OPTIONS" and answer.status == 204 and allowed is not None and not answer.body

    def _is_refused(self, answer: Exchange, status: int, code: str) -> Iterator[str]:
        if answer.status != status:
            yield f"the route is not documented, so that it is to be refused with {status}"
            return
        schema = {"$ref": "#/components/schemas/Problem", "properties": {"code": {"const": code}}}
        headers = {"Allow": {"schema": {"type": "string"}}} if status == 405 else {}
        yield from self._differs(
            answer, {"headers": headers, "content": {"application/problem+json": {"schema": schema}}}
        )

    def _differs(self, answer: Exchange, stated: Mapping[str, Any]) -> Iterator[str]:
        yield from self._headers_differ(answer, stated.get("headers", {}))
        content = stated.get("content", {})
        media_type = answer.header("Content-Type")
        if not content:
            if media_type is not None or answer.body:
                yield f"it has content of the type {media_type}, and none is documented"
        elif media_type not in content:
            yield f"it has the media type {media_type}, which is not among {', '.join(content)}"
        elif answer.method == "HEAD":
            if answer.body:
                yield "it has a body"
        elif media_type.endswith("json"):
            yield from self._body_differs(answer, content[media_type])

    def _headers_differ(self, answer: Exchange, stated: Mapping[str, Any]) -> Iterator[str]:
        everywhere = self._document["x-headers-of-every-answer"]
        known = {name.lower(): header for name, header in {**everywhere, **stated}.items()}
        for name, value in answer.headers:
            header = known.get(name.lower())
            if header is None:
                if name.lower() not in _OF_THE_MESSAGE:
                    yield f"the header {name} is not documented"
                continue
            schema = header["schema"]
            read = int(value) if schema.get("type") == "integer" and value.isdecimal() else value
            yield from (f"the header {name}: {fault}" for fault in self._invalid(read, schema))
        present = {name.lower() for name, _ in answer.headers}
        for name, header in stated.items():
            if header.get("required") and name.lower() not in present:
                yield f"the header {name} is missing"

    def _body_differs(self, answer: Exchange, content: Mapping[str, Any]) -> Iterator[str]:
        try:
            document = json.loads(answer.body)
        except ValueError:
            yield "the body is not JSON"
            return
        yield from self._invalid(document, content.get("schema", {}))
        if answer.header("Content-Type") == "application/problem+json":
            if document.get("status") != answer.status:
                yield f"the body has the status {document.get('status')}"
            # The codes of a response are the names of its examples.
            if document.get("code") not in content.get("examples", [document.get("code")]):
                yield f"the code {document.get('code')} is not documented"

    def _invalid(self, value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**schema, "components": self._document["components"]}
            self._validators[key] = Draft202012Validator(whole, format_checker=_FORMATS)
        for error in self._validators[key].iter_errors(value):
            yield f"{error.json_path}: {error.message}"

    def _resolved(self, stated: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Any = stated
        while "$ref" in found:
            place = found["$ref"].removeprefix("#/").split("/")
            found = self._document
            for name in place:
                found = found[name]
        return found  # type: ignore[no-any-return]  # the type of a part of the document


def _closed(schema: Any) -> Any:
    """Return a document in which objects have no member that is not documented."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    if closed.get("type") == "object" and "properties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed
