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
from hexaccount_flask.web.openapi_headers import HEADERS_OF_EVERY_ANSWER
from hexaccount_flask.web.openapi_responses import Responses
from hexaccount_flask.web.openapi_schemas import Schemas, unwrapped
from hexaccount_flask.web.openapi_texts import DESCRIPTION, SECURITY, TITLE
from hexaccount_flask.web.operations import Operation

VERSION = "1.0.0"
"""The version of the document: the first number changes with removals and changes, the second with additions."""

_SCHEME = "bearer"


def openapi(app: HttpApplication, *, pages: bool = False) -> dict[str, Any]:
    """Return the document; raises IncompleteOperation for a view without an operation.

    pages: whether it describes the pages for people, too, for which a client program has no use.
    """
    schemas = Schemas()
    responses = Responses(schemas, app)
    paths: dict[str, Any] = {}
    tags = [*app.tags]
    operations = [each for each in map(app.operation_of, app.view_functions) if pages or not each.page]
    for operation in sorted(operations, key=lambda each: tags.index(each.tag)):
        path = re.sub(r"<([a-z_]+)>", r"{\1}", operation.path)
        described = {**_operation(operation, schemas), "responses": responses.of(operation)}
        paths.setdefault(path, {})[operation.method.lower()] = described
    used = {operation.tag for operation in operations}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": TITLE,
            "version": VERSION,
            "description": DESCRIPTION,
            "contact": {"name": "The operator of this service"},
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": ".", "description": "This service: relative to the URL of the document."}],
        "tags": [{"name": name, "description": description} for name, description in app.tags.items() if name in used],
        "paths": paths,
        "components": {
            "securitySchemes": {_SCHEME: SECURITY},
            "responses": responses.shared,
            "schemas": schemas.components(),
        },
        "x-headers-of-every-answer": HEADERS_OF_EVERY_ANSWER,
    }


def _operation(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    summary, _, description = cleandoc(operation.view.__doc__ or "").partition("\n")
    described: dict[str, Any] = {
        "tags": [operation.tag],
        "operationId": operation.name,
        "summary": summary.rstrip("."),
        "description": unwrapped(description.strip()) or summary,
        "security": [],
    }
    for part in operation.inputs:
        match part:
            case Parameter():
                described.setdefault("parameters", []).append(_parameter(part, schemas))
            case BearerToken():
                described["security"] = [{_SCHEME: []}] if part.required else [{_SCHEME: []}, {}]
                if part.permission:
                    # Not beside the scheme: linters take it for a scope, which only OAuth's schemes declare.
                    described["x-permission"] = part.permission
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
