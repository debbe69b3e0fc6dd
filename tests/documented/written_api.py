"""docs/api.md, the API document in Markdown; `python -m tests.documented.written_api` writes it."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from werkzeug.exceptions import MethodNotAllowed

from hexaccount_flask.web.errors import PROBLEM_TYPES
from tests.documented.application import document

FILE = Path(__file__).parents[2] / "docs" / "api.md"

_BEGINNING = """\
# The HTTP API

Written by `python -m tests.documented.written_api` from the document that a running service serves at `/swagger.json`.
The page `/swagger/index.html` shows it, and you can try operations out there. [HTTP](http.md) explains the concepts.
"""


_ALWAYS = (
    "Any operation may also be refused with 500 `internal_error`, or with 503 `overloaded` or `deadline_exceeded`."
)
_EVERYWHERE = {"internal_error", "overloaded", "deadline_exceeded"}
# At every path, so that no operation documents it.
_NOT_ALLOWED = json.loads(PROBLEM_TYPES[MethodNotAllowed].problem_of(MethodNotAllowed()).body(None))
_ANY_TEXT = "^[^\\u0000]*$"


class Written:
    """Writes a document as Markdown."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._schemas: Mapping[str, Any] = document["components"]["schemas"]
        self._operations = [
            (f"{method.upper()} {path}", operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]

    def text(self) -> str:
        """Return the document."""
        return "\n".join([_BEGINNING, self._document["info"]["description"], *self._lines()]) + "\n"

    def _lines(self) -> Iterator[str]:
        yield from ("## Operations", "", _ALWAYS, "", "| | |", "|---|---|")
        ordered = [(title, operation) for tag in self._document["tags"] for title, operation in self._of(tag["name"])]
        for title, operation in ordered:
            yield f"| [`{title}`](#{operation['operationId']}) | {operation['summary']}{self._needs(operation)} |"
        for tag in self._document["tags"]:
            yield from ("", f"## {tag['name'].capitalize()}", "", tag["description"])
            for title, operation in self._of(tag["name"]):
                yield from self._operation(title, operation)
        yield from ("", "## Models")
        for name, schema in self._schemas.items():
            yield from ("", f'<a id="{name}"></a>', f"### {name}", "", schema["description"], "")
            yield from self._fields(schema)
        yield from ("", "## Problems", "")
        yield from self._problems()

    def _of(self, tag: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        return ((title, operation) for title, operation in self._operations if tag in operation["tags"])

    @staticmethod
    def _needs(operation: Mapping[str, Any]) -> str:
        """Return the permission that an operation needs."""
        if "x-permission" in operation:
            return f"; needs `{operation['x-permission']}`"
        if {} in operation["security"]:
            return "; takes a token"
        return "; needs a token" if operation["security"] else ""

    def _operation(self, title: str, operation: Mapping[str, Any]) -> Iterator[str]:
        yield from ("", f'<a id="{operation["operationId"]}"></a>', f"### `{title}`", "")
        yield f"{operation['summary']}{self._needs(operation)}."
        if operation["description"].rstrip(".") != operation["summary"]:
            yield from ("", operation["description"])
        yield ""
        for parameter in operation.get("parameters", []):
            rule = self._rule(parameter["schema"])
            yield f"- takes `{parameter['name']}` ({parameter['in']}; {rule}): {parameter['description']}"
        if "requestBody" in operation:
            content = operation["requestBody"]["content"]
            (schema,) = {self._kind(each["schema"]) for each in content.values()}
            yield f"- takes {schema} as {' or '.join(f'`{media_type}`' for media_type in content)}"
        for status, answer in operation["responses"].items():
            if status < "400":
                yield f"- answers {status}: {answer['description']}{self._content(answer)}"
        refused = [
            f"{status} {', '.join(f'`{code}`' for code in codes)}"
            for status, answer in operation["responses"].items()
            if status >= "400" and (codes := [code for code in self._codes(answer) if code not in _EVERYWHERE])
        ]
        if refused:
            yield f"- refuses with {'; '.join(refused)}"

    def _content(self, answer: Mapping[str, Any]) -> str:
        kinds = {
            media_type: self._kind(each.get("schema", {})) for media_type, each in answer.get("content", {}).items()
        }
        bodies = [
            f"{kind} as `{media_type}`" if "(#" in kind else f"`{media_type}`" for media_type, kind in kinds.items()
        ]
        headers = [f"`{name}`" for name in answer.get("headers", {})]
        return "".join(
            [f" It is {' or '.join(bodies)}." if bodies else "", f" With {', '.join(headers)}." if headers else ""]
        )

    def _codes(self, answer: Mapping[str, Any]) -> list[str]:
        (content,) = self._resolved(answer)["content"].values()
        return list(content["examples"])

    def _resolved(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        name = answer.get("$ref", "").removeprefix("#/components/responses/")
        found: Mapping[str, Any] = self._document["components"]["responses"][name] if name else answer
        return found

    def _kind(self, schema: Mapping[str, Any]) -> str:
        """Return the type that a schema describes."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return f"[{name}](#{name})"
        if schema.get("type") == "array":
            return f"a list of {self._kind(schema['items'])}"
        if "const" in schema or "enum" in schema:
            return " or ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
        kinds = schema.get("type", [])
        return " or ".join([kinds] if isinstance(kinds, str) else kinds)

    def _rule(self, schema: Mapping[str, Any]) -> str:
        rules = [self._kind(schema)]
        least, most = (schema.get(name) for name in ("minLength", "maxLength"))
        if most is not None:
            rules.append(f"{least} to {most} characters" if least else f"up to {most} characters")
        least, most = (schema.get(name) for name in ("minimum", "maximum"))
        if least is not None:
            rules.append(f"{least} or more" if most is None else f"{least} to {most}")
        if "format" in schema:
            rules.append(f"`{schema['format']}`")
        if schema.get("pattern", _ANY_TEXT) != _ANY_TEXT:
            rules.append(_code(schema["pattern"]))
        if schema.get("default"):
            rules.append(f"{schema['default']} if it is absent")
        return ", ".join(rules)

    def _fields(self, schema: Mapping[str, Any]) -> Iterator[str]:
        yield from ("| | is | |", "|---|---|---|")
        for name, field in schema["properties"].items():
            absent = "" if name in schema["required"] else " (may be absent)"
            yield f"| `{name}`{absent} | {_cell(self._rule(field))} | {_cell(field.get('description', ''))} |"

    def _problems(self) -> Iterator[str]:
        yield from ("| `code` | status | means | such as |", "|---|---|---|---|")
        answers = [*self._document["components"]["responses"].values()]
        found = {
            code: example["value"]
            for answer in answers
            for content in answer["content"].values()
            for code, example in content["examples"].items()
        }
        for code, problem in sorted({**found, _NOT_ALLOWED["code"]: _NOT_ALLOWED}.items()):
            yield f"| `{code}` | {problem['status']} | {problem['title']} | {_cell(problem['detail'])} |"


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def written() -> str:
    """Return the content of docs/api.md."""
    return Written(document()).text()


if __name__ == "__main__":
    FILE.write_text(written())
