"""Views declare their inputs and their response, and get nothing else."""

import re
from pathlib import Path
from typing import Annotated, Any

import pytest

import hexaccount_flask
from hexaccount_flask.observability import StatusModel
from hexaccount_flask.web.application import HttpApplication
from hexaccount_flask.web.authentication import SignedIn
from hexaccount_flask.web.openapi import openapi
from hexaccount_flask.web.operations import IncompleteOperation, Routes
from hexaccount_flask.web.pages import PageLimit
from hexaccount_flask.web.responses import Done, Ok
from tests.documented.application import application


def without_response() -> Any:
    """Do something."""


def without_purpose() -> Done:
    return Done()


def with_anything(body) -> Done:  # type: ignore[no-untyped-def]  # that is what it is about
    """Do something."""
    return Done()


def with_a_note(number: Annotated[int, "a number"]) -> Done:
    """Do something."""
    return Done()


def with_caller(caller: SignedIn) -> Done:
    """Do something."""
    return Done()


@pytest.mark.parametrize(
    ("view", "missing"),
    [
        (without_response, "its response"),
        (without_purpose, "its purpose"),
        (with_anything, "how to read body"),
        (with_a_note, "how to read .*a number"),
        (with_caller, "how to read .*Bus"),
    ],
)
def test_a_view_with_an_incomplete_declaration_is_found_at_once(view: Any, missing: str) -> None:
    def add() -> None:
        routes = Routes()
        routes.add("GET", "/new", tag="operation")(view)
        HttpApplication({}).add_routes(routes)

    with pytest.raises(IncompleteOperation, match=f"the view {view.__name__} does not declare {missing}"):
        add()


def test_a_view_without_an_operation_is_found_when_the_document_is_written() -> None:
    app = application()
    app.add_url_rule("/new", endpoint="new", view_func=without_purpose)

    with pytest.raises(IncompleteOperation, match="the view new does not declare an operation"):
        openapi(app)


def test_a_view_is_called_with_what_it_declares_and_its_response_is_described() -> None:
    app = application()
    routes = Routes()

    @routes.add("GET", "/count", tag="operation")
    def count(limit: PageLimit) -> Ok[StatusModel]:
        """Count.

        To a
        limit.
        """
        return Ok(StatusModel(str(limit)))

    app.add_routes(routes)

    with app.test_request_context("/count?limit=7"):
        assert app.view_functions["count"]().json == {"data": {"status": "7"}}
    written = openapi(app)["paths"]["/count"]["get"]
    assert (written["operationId"], written["summary"], written["description"]) == ("count", "Count", "To a limit.")
    assert [parameter["name"] for parameter in written["parameters"]] == ["limit"]
    assert list(written["responses"]) == ["200", "422", "500", "503"]


def test_no_view_reads_requests_by_itself() -> None:
    for file in Path(hexaccount_flask.__file__).parent.glob("*.py"):
        assert not re.search(r"import .*\brequest\b", file.read_text()), file.name
