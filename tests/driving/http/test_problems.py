import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import hexaccount_flask
from hexaccount.events.get_event import EventNotFound
from hexaccount.events.replay import TypeNotTaken, UnknownTarget
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.events.unsubscribe import SubscriberInUse, UnknownSubscriber
from hexaccount.kernel.bus import Bus, Handlers
from hexaccount.kernel.errors import InvalidInput, InvalidValue, Refusal
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.rate_limits.rate_limit_status import RateLimitStatus
from hexaccount.roles.errors import UnknownRole
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.store_kit.store import SchemaMismatch
from hexaccount_flask import render_problem
from hexaccount_flask.errors import _PROBLEMS, problem_of
from hexaccount_flask.problems import _TITLES
from hexaccount_memory import MemoryPublisher
from tests.documented.plugin import planted_errors

ARGUMENTS: dict[type[Refusal], tuple[Any, ...]] = {
    TooManyAttempts: (RateLimitStatus(policy="login", quota=5, window=60, remaining=0, wait=7),),
    InvalidValue: ("must be otherwise",),
    InvalidInput: ({"bio": "must be otherwise"},),
    UnknownRole: (["user", "admin"],),
    UnknownTarget: (["memory://"],),
    TypeNotTaken: (PublishingSubscriber("memory://", MemoryPublisher()),),
    SubscriberInUse: ("memory://",),
}
OF_THE_COMMAND_LINE = {EventNotFound, SubscriberInUse, UnknownSubscriber, TypeNotTaken, UnknownTarget}
"""What is refused where no client comes over HTTP."""


class NewlyInvented(Refusal):
    """A refusal of a later version, which has no entry in the table yet."""

    code = "newly_invented"


def _refusals(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _refusals(narrower)


def _shipped() -> Iterator[type[Refusal]]:
    return (
        kind
        for kind in _refusals()
        if kind is not Refusal and kind not in OF_THE_COMMAND_LINE and kind.__module__.startswith("hexaccount")
    )


@pytest.mark.parametrize("kind", [*_refusals()])
def test_whatever_the_domain_refuses_is_the_clients_to_mend(kind: type[Refusal]) -> None:
    problem = problem_of(kind(*ARGUMENTS.get(kind, ())))

    assert 400 <= problem.status < 500
    assert problem.code == kind.code
    assert problem.detail


@pytest.mark.parametrize("kind", [*_shipped()])
def test_every_refusal_has_an_entry_of_its_own(kind: type[Refusal]) -> None:
    assert kind in _PROBLEMS


def test_every_code_has_a_title() -> None:
    sources = [path.read_text() for path in Path(hexaccount_flask.__file__).parent.glob("*.py")]
    codes = {code for source in sources for code in re.findall(r'code="([a-z_]+)"', source)}

    assert {kind.code for kind in _shipped()} | codes <= _TITLES.keys()


@pytest.mark.parametrize(
    ("error", "status", "code", "retry"),
    [
        (StoreUnavailable("password of db-7 is hunter2"), 503, "unavailable", "5"),
        (SchemaMismatch("hunter2"), 503, "unavailable", "5"),
        (HashingOverloaded(7), 503, "overloaded", "7"),
        (StaleVersion("profile", UUID(int=7)), 409, "conflict", None),
        (NewlyInvented("no"), 422, "newly_invented", None),
    ],
)
def test_each_failure_has_its_answer(
    visit: Callable[..., Any], error: Exception, status: int, code: str, retry: str | None
) -> None:
    answer = _answer_of(visit, error)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.headers.get("Retry-After") == retry
    assert "hunter2" not in answer.text


def test_a_failure_nobody_expected_is_logged_with_its_place_and_shown_without_its_text(
    visit: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    answer = _answer_of(visit, RuntimeError("hunter2"))

    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert "hunter2" not in answer.text + str(answer.headers)
    (record,) = caplog.records
    assert record.exc_info
    assert answer.headers["X-Request-ID"] in record.getMessage()


def test_an_error_of_the_error_handling_itself_is_still_a_problem(
    visitor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def preprocess_request() -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(visitor.app, "preprocess_request", preprocess_request)
    assert visitor.get("/health").json["code"] == "internal_error"
    visitor.app.error_handler_spec[None][None][Exception] = _fail_once(visitor.app)
    assert visitor.get("/health").json["code"] == "internal_error"


def test_a_problem_has_every_member_and_its_type_names_its_code(visitor: Any) -> None:
    answer = visitor.get("/nothing/here", headers={"X-Request-ID": "abc"})

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json == {
        "type": "urn:hexaccount:problem:not_found",
        "title": "Not found",
        "status": 404,
        "detail": "there is nothing at this path",
        "code": "not_found",
        "request_id": "abc",
    }


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/v1/me/",
        "/health/",
        "//health",
        "/api//v1/me",
        "/API/v1/me",
        "/api/v1/public/avatar/a/b",
        "/static/x",
        "/%",
    ],
)
def test_a_path_is_found_as_it_is_written_or_not_at_all(visitor: Any, path: str) -> None:
    answer = visitor.get(path)

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v1/public/login", "POST"),
        ("DELETE", "/api/v1/me/profile", "GET, HEAD, PATCH"),
        ("POST", "/health", "GET, HEAD"),
        ("OPTIONS", "/api/v1/me", "GET, HEAD"),
        ("TRACE", "/api/v1/me", "GET, HEAD"),
        ("get", "/health", "GET, HEAD"),
    ],
)
def test_a_method_that_does_not_fit_is_told_which_do(visitor: Any, method: str, path: str, allowed: str) -> None:
    answer = visitor.open(path, method=method)

    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/health", "/api/v1/me", "/nothing"])
def test_a_head_request_is_answered_as_a_get_without_its_body(person: Any, path: str) -> None:
    head, get = person.head(path), person.get(path)

    assert (head.status_code, head.data) == (get.status_code, b"")
    assert head.headers["Content-Length"] == str(len(get.data))


def test_a_server_refuses_a_request_in_the_same_form(visitor: Any) -> None:
    headers, body = render_problem(503, "overloaded", "come back", "abc")
    ours = visitor.get("/nothing", headers={"X-Request-ID": "abc"})

    assert json.loads(body).keys() == ours.json.keys()
    assert json.loads(body)["title"] == "The service is busy"
    assert {name for name, _ in headers} == set(ours.headers.keys()) - {"Content-Length"} | {"Retry-After"}


def test_a_server_that_knows_no_request_id_gives_one() -> None:
    headers, body = render_problem(408, "never_heard_of", "too slow")

    assert json.loads(body)["request_id"] == dict(headers)["X-Request-ID"]
    assert json.loads(body)["title"] == "Request Timeout"
    assert "Retry-After" not in dict(headers)


def _answer_of(visit: Callable[..., Any], error: Exception) -> Any:
    def handler(query: Authenticate) -> Any:
        raise error

    handlers = Handlers()
    handlers.answer(Authenticate, handler)
    with ThreadPoolExecutor(1) as executor, planted_errors():
        visitor = visit(bus=Bus(handlers, executor=executor))
        return visitor.get("/api/v1/me", headers={"Authorization": "Bearer abc"})


def _fail_once(app: Any) -> Callable[[Exception], Any]:
    handler = app.error_handler_spec[None][None][Exception]
    failures = iter([RuntimeError("hunter2")])

    def answer(error: Exception) -> Any:
        for failure in failures:
            raise failure
        return handler(error)

    return answer
