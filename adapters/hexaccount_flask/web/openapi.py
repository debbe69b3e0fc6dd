"""The OpenAPI 3.1 document of an application, written from the declarations of its operations.

https://spec.openapis.org/oas/v3.1.1.html
"""

import re
from inspect import cleandoc
from typing import Any

from hexaccount_flask.web.application import HttpApplication
from hexaccount_flask.web.authentication import BearerToken
from hexaccount_flask.web.bodies import Body
from hexaccount_flask.web.inputs import Parameter
from hexaccount_flask.web.openapi_headers import HEADERS, HEADERS_OF_EVERY_ANSWER
from hexaccount_flask.web.openapi_responses import Responses
from hexaccount_flask.web.openapi_schemas import Schemas, unwrapped
from hexaccount_flask.web.openapi_texts import DESCRIPTION, SECURITY, TITLE
from hexaccount_flask.web.operations import Operation

VERSION = "1.0.0"
"""The version of the document: the first number changes with removals and changes, the second with additions."""

_SCHEME = "bearer"


def openapi(app: HttpApplication) -> dict[str, Any]:
    """Return the document; raises IncompleteOperation for a view without an operation."""
    schemas = Schemas()
    responses = Responses(schemas, app)
    paths: dict[str, Any] = {}
    tags = [*app.tags]
    for operation in sorted(map(app.operation_of, app.view_functions), key=lambda each: tags.index(each.tag)):
        path = re.sub(r"<([a-z_]+)>", r"{\1}", operation.path)
        described = {**_operation(operation, schemas), "responses": responses.of(operation)}
        paths.setdefault(path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.1",
        "info": {
            "title": TITLE,
            "version": VERSION,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": ".", "description": "This service: relative to the URL of the document."}],
        "tags": [{"name": name, "description": description} for name, description in app.tags.items()],
        "paths": paths,
        "components": {
            "securitySchemes": {_SCHEME: SECURITY},
            "headers": HEADERS,
            "responses": responses.shared,
            "schemas": schemas.components(),
        },
        "x-headers-of-every-answer": HEADERS_OF_EVERY_ANSWER,
    }


def _operation(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    summary, _, description = cleandoc(operation.view.__doc__ or "").partition("\n")
    described: dict[str, Any] = {"tags": [operation.tag], "operationId": operation.name, "summary": summary.rstrip(".")}
    if description:
        described["description"] = unwrapped(description.strip())
    for part in operation.inputs:
        match part:
            case Parameter():
                described.setdefault("parameters", []).append(_parameter(part, schemas))
            case BearerToken():
                needed = {_SCHEME: [part.permission] if part.permission else []}
                described["security"] = [needed] if part.required else [needed, {}]
            case Body():
                schema = schemas.of(part.model)
                content = {media_type: {"schema": schema} for media_type in part.model.media_types}
                described["requestBody"] = {"required": part.required, "content": content}
    return described


def _parameter(part: Parameter, schemas: Schemas) -> dict[str, Any]:
    schema = dict(schemas.of(part.schema))
    described = {"name": part.name, "in": part.place, "description": schema.pop("description")}
    if part.place == "path":
        described["required"] = True
    if part.default is not None:
        schema["default"] = part.default
    return {**described, "schema": schema}
