"""Hooks of Schemathesis: texts of our own formats, and a check besides its own."""

from functools import cache
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis.core.parameters import ParameterLocation

from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.profile import LONGEST_ADDRESS, LONGEST_BIO
from hexaccount.passwords.password import Password
from tests.documented.application import document
from tests.documented.check import DocumentCheck, Exchange

LETTERS = "abcdefghijklmnopqrstuvwxyzABCXYZ0189äéßñøλжぁ字"


def of_length(alphabet: str, *bounds: int) -> st.SearchStrategy[str]:
    """Return texts of usual lengths, and of lengths just below, at and above the bounds of a rule."""
    usual = st.integers(8, 30)
    edges = st.sampled_from([length for bound in bounds for length in (bound - 1, bound, bound + 1)])
    return (usual | edges).flatmap(lambda length: st.text(alphabet, min_size=length, max_size=length))


schemathesis.openapi.format("user-name", of_length(LETTERS, UserName.shortest, UserName.longest))
schemathesis.openapi.format("person-name", of_length(LETTERS + "-'.", PersonName.shortest, PersonName.longest))
schemathesis.openapi.format("paragraph", of_length(LETTERS + "-'.", LONGEST_ADDRESS, LONGEST_BIO))
# They begin with letters of several scripts, so that all take 10^8 guesses or more.
passwords = of_length(LETTERS, Password.shortest, Password.longest).map(lambda text: ("ñжøλぁ字€" + text)[: len(text)])
schemathesis.openapi.format("password", passwords)


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    """Drop requests that count as invalid though they are valid.

    A query may have parameters that the document does not name (OpenAPI 3.1, 4.8.12, forbids none). Null has no format
    that it could violate: a format applies to values of its own types only (JSON Schema 2020-12, validation, 7.2.1).
    """
    if "x-schemathesis-unknown-property" in (case.query or {}):
        return False
    body = case.meta and case.meta.components.get(ParameterLocation.BODY)
    if not (body and body.mode.is_negative and case.operation.label == "PATCH /api/v1/me/profile"):
        return True
    has_null = isinstance(case.body, dict) and None in case.body.values()
    return not (has_null and _profile_patch().is_valid(case.body))


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Make valid requests succeed that depend on the state of the service."""
    headers = case.headers or {}
    if case.meta and case.meta.generation.mode.is_negative:
        return
    if "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = uuid4().hex
    if "If-Match" in headers and len(headers["If-Match"]) % 2:
        headers["If-Match"] = "*"


@schemathesis.check
def everything_is_documented(_context: Any, response: Any, _case: Any) -> None:
    """Find what Schemathesis accepts, such as a header or a member that the document does not describe."""
    headers = [(name, value) for name, values in response.headers.items() for value in values]
    request = response.request
    path = request.path_url.partition("?")[0]
    answer = Exchange(request.method, unquote(path), response.status_code, headers, response.content)
    faults = _check().faults(answer)
    assert not faults, "\n".join(faults)


@cache
def _check() -> DocumentCheck:
    return DocumentCheck(document(pages=True))


@cache
def _profile_patch() -> Draft202012Validator:
    return Draft202012Validator(document()["components"]["schemas"]["ProfilePatch"])
