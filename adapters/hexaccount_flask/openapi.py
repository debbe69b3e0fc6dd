"""The OpenAPI 3.1 document of an application, written from the statements of its views.

https://spec.openapis.org/oas/v3.1.1.html
"""

import re
from typing import Any

from flask import Flask

from hexaccount_flask.authentication import BearerToken
from hexaccount_flask.limits import limit_of
from hexaccount_flask.openapi_answers import Answers
from hexaccount_flask.openapi_headers import HEADERS, OF_EVERY_ANSWER
from hexaccount_flask.openapi_schemas import Schemas, flowing
from hexaccount_flask.openapi_texts import DESCRIPTION, SECURITY, TAGS, TITLE
from hexaccount_flask.operation import Operation, operation_of
from hexaccount_flask.parameters import Parameter
from hexaccount_flask.parsing import Body

VERSION = "1.0.0"
"""The version of the document: the first number changes with what is gone or means something else, the second with
what is new."""

_METHODS = ("get", "post", "patch", "delete")
_SCHEME = "bearer"


def openapi(app: Flask) -> dict[str, Any]:
    """Return the document; raises Unstated for a view without a statement."""
    schemas = Schemas()
    answers = Answers(schemas)
    paths: dict[str, Any] = {}
    # In the order in which they were registered, as the map of URLs has another, which changes with the first request.
    for endpoint, view in app.view_functions.items():
        stated = operation_of(view)
        written = {
            "tags": [endpoint.partition(".")[0]],
            **_operation(stated, schemas),
            "responses": answers.of(stated, limit=limit_of(view)),
        }
        for rule in app.url_map.iter_rules(endpoint):
            path = re.sub(r"<([a-z_]+)>", r"{\1}", rule.rule)
            methods = [method for method in _METHODS if method.upper() in (rule.methods or ())]
            paths.setdefault(path, {}).update(dict.fromkeys(methods, written))
    return {
        "openapi": "3.1.1",
        "info": {
            "title": TITLE,
            "version": VERSION,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "This service."}],
        "tags": [{"name": name, "description": description} for name, description in TAGS.items()],
        "paths": paths,
        "components": {
            "securitySchemes": {_SCHEME: SECURITY},
            "headers": HEADERS,
            "responses": answers.shared,
            "schemas": schemas.components(),
        },
        "x-headers-of-every-answer": OF_EVERY_ANSWER,
    }


def _operation(stated: Operation, schemas: Schemas) -> dict[str, Any]:
    written: dict[str, Any] = {"operationId": stated.name, "summary": stated.summary}
    if stated.description:
        written["description"] = flowing(stated.description)
    if parameters := [_parameter(part, schemas) for part in stated.inputs if isinstance(part, Parameter)]:
        written["parameters"] = parameters
    for part in stated.inputs:
        match part:
            case BearerToken():
                written["security"] = [{_SCHEME: [part.permission.value] if part.permission else []}]
            case Body():
                schema = schemas.of(part.model)
                written["requestBody"] = {
                    "required": True,
                    "content": {media_type: {"schema": schema} for media_type in part.model.media_types},
                }
    return written


def _parameter(part: Parameter, schemas: Schemas) -> dict[str, Any]:
    schema = dict(schemas.of(part.of))
    described = {"name": part.name, "in": part.place, "description": schema.pop("description")}
    if part.place == "path":
        described["required"] = True
    if part.default is not None:
        schema["default"] = part.default
    return {**described, "schema": schema}
