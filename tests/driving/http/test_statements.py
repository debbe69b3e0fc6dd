"""Views say what they take and give, and are given no more than that."""

import re
from pathlib import Path
from typing import Annotated, Any

import pytest

import hexaccount_flask
from hexaccount_flask.answers import Done, Ok
from hexaccount_flask.authentication import SignedIn
from hexaccount_flask.models import StatusModel
from hexaccount_flask.openapi import openapi
from hexaccount_flask.operation import Unstated, operation
from hexaccount_flask.query import PageLimit
from tests.documented.application import application


def without_answer() -> Any:
    """Do something."""


def without_purpose() -> Done:
    return Done()


def with_anything(body) -> Done:  # type: ignore[no-untyped-def]  # that is what it is about
    """Do something."""
    return Done()


def with_a_note(number: Annotated[int, "a number"]) -> Done:
    """Do something."""
    return Done()


@pytest.mark.parametrize(
    ("view", "missing"),
    [
        (without_answer, "what it answers"),
        (without_purpose, "what it is for"),
        (with_anything, "how to read body"),
        (with_a_note, "how to read number"),
    ],
)
def test_a_view_that_does_not_state_all_is_found_at_once(view: Any, missing: str) -> None:
    with pytest.raises(Unstated, match=f"the view {view.__name__} does not state {missing}"):
        operation()(view)


def test_a_view_without_a_statement_is_found_when_the_document_is_written() -> None:
    app = application()
    app.add_url_rule("/new", endpoint="new", view_func=without_purpose)

    with pytest.raises(Unstated, match="the view without_purpose does not state its operation"):
        openapi(app)


def test_a_caller_cannot_be_told_without_a_bus() -> None:
    def view(caller: SignedIn) -> Done:
        """Do something."""
        return Done()

    with pytest.raises(TypeError, match="needs a bus"):
        operation()(view)


def test_a_view_is_given_what_it_states_and_its_answer_is_described() -> None:
    app = application()

    @operation()
    def count(limit: PageLimit) -> Ok[StatusModel]:
        """Count.

        To a
        limit.
        """
        return Ok(StatusModel(str(limit)))

    app.add_url_rule("/count", endpoint="operation.count", view_func=count)

    with app.test_request_context("/count?limit=7"):
        assert count().json == {"data": {"status": "7"}}
    written = openapi(app)["paths"]["/count"]["get"]
    assert (written["operationId"], written["summary"], written["description"]) == ("count", "Count", "To a limit.")
    assert [parameter["name"] for parameter in written["parameters"]] == ["limit"]
    assert list(written["responses"]) == ["200", "422", "500", "503"]


def test_no_view_looks_into_requests_by_itself() -> None:
    for file in Path(hexaccount_flask.__file__).parent.glob("routes_*.py"):
        assert not re.search(r"import .*\brequest\b", file.read_text()), file.name
