import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hexaccount.accounts.errors import LastAdmin
from hexaccount.archive.ports import ArchiveDamaged, ArchiveFolderTaken, ArchiveFolderUnusable, ArchiveNotFound
from hexaccount.archive.write_archive import TooYoung
from hexaccount.bootstrap.archives import ArchivesUnsupported
from hexaccount.events.get_event import EventNotFound
from hexaccount.events.replay import IncompleteJournal, TypeNotTaken, UnknownTarget
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.events.unsubscribe import SubscriberInUse, UnknownSubscriber
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.errors import InvalidInput, InvalidValue, Refusal
from hexaccount.kernel.rate_limit import RateLimitStatus
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.roles.errors import UnknownRole
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.signing_keys.ports import KeyFromSettings, KeyInUse, KeyNotFound, KeyRefused
from hexaccount.store_kit.store import SchemaMismatch
from hexaccount_flask import render_problem
from hexaccount_memory import MemoryPublisher
from tests.documented.application import application, document
from tests.documented.plugin import planted_errors

ARGUMENTS: dict[type[Refusal], tuple[Any, ...]] = {
    TooManyAttempts: (RateLimitStatus(policy="login", quota=5, window=60, remaining=0, wait=7),),
    InvalidValue: ("must be otherwise",),
    InvalidInput: ({"bio": "must be otherwise"},),
    UnknownRole: (["user", "admin"],),
    UnknownTarget: (["memory://"],),
    TypeNotTaken: (PublishingSubscriber("memory://", MemoryPublisher()),),
    SubscriberInUse: ("memory://",),
    ArchiveNotFound: (Path("2025"),),
    TooYoung: (datetime(2026, 11, 30, tzinfo=UTC),),
    IncompleteJournal: ("user", UUID(int=1)),
}
COMMAND_LINE_ONLY = {
    ArchiveDamaged,
    ArchiveFolderTaken,
    ArchiveFolderUnusable,
    ArchiveNotFound,
    ArchivesUnsupported,
    EventNotFound,
    LastAdmin,
    IncompleteJournal,
    KeyFromSettings,
    KeyInUse,
    KeyNotFound,
    KeyRefused,
    SubscriberInUse,
    TooYoung,
    UnknownSubscriber,
    TypeNotTaken,
    UnknownTarget,
}
"""Refusals that do not occur over HTTP."""


class NewlyInvented(Refusal):
    """A refusal of a later version, which has no problem type yet."""

    code = "newly_invented"


def _refusals(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _refusals(narrower)


def _shipped() -> Iterator[type[Refusal]]:
    return (
        kind
        for kind in _refusals()
        if kind is not Refusal and kind not in COMMAND_LINE_ONLY and kind.__module__.startswith("hexaccount")
    )


@pytest.mark.parametrize("kind", [*_refusals()])
def test_every_refusal_of_the_domain_is_a_4xx(kind: type[Refusal]) -> None:
    problem = application().problem_of(kind(*ARGUMENTS.get(kind, ())))

    assert 400 <= problem.status < 500
    assert problem.code == kind.code
    assert problem.detail


@pytest.mark.parametrize("kind", [*_shipped()])
def test_every_refusal_has_its_own_problem_type(kind: type[Refusal]) -> None:
    assert kind in application().problem_types


def test_every_code_has_one_title() -> None:
    titles = defaultdict(set)
    for problem in _documented(document()):
        titles[problem["code"]].add(problem["title"])

    assert titles.keys() >= {"invalid_input", "draining", "unsupported_media_type", "overloaded", "malformed_header"}
    assert {code: found for code, found in titles.items() if len(found) != 1 or not all(found)} == {}


def _documented(part: Any) -> Iterator[dict[str, Any]]:
    """Return the problems that are examples in a part of the document."""
    if isinstance(part, dict):
        if str(part.get("type")).startswith("urn:hexaccount:problem:"):
            yield part
        for each in part.values():
            yield from _documented(each)


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
    make_client: Callable[..., Any], error: Exception, status: int, code: str, retry: str | None
) -> None:
    answer = _answer_of(make_client, error)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.headers.get("Retry-After") == retry
    assert "hunter2" not in answer.text


def test_an_unexpected_failure_is_logged_with_its_traceback_and_shown_without_its_text(
    make_client: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    answer = _answer_of(make_client, RuntimeError("hunter2"))

    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert "hunter2" not in answer.text + str(answer.headers)
    (record,) = caplog.records
    assert record.exc_info
    assert answer.headers["X-Request-ID"] in record.getMessage()


def test_an_error_of_the_error_handling_itself_is_still_a_problem(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def preprocess_request() -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(client.app, "preprocess_request", preprocess_request)
    assert client.get("/health").json["code"] == "internal_error"
    client.app.error_handler_spec[None][None][Exception] = _fail_once(client.app)
    assert client.get("/health").json["code"] == "internal_error"


def test_a_problem_has_every_member_and_its_type_names_its_code(client: Any) -> None:
    answer = client.get("/nothing/here", headers={"X-Request-ID": "abc"})

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
def test_only_the_exact_path_is_found(client: Any, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v1/public/login", "POST"),
        ("DELETE", "/api/v1/me/profile", "GET, HEAD, PATCH"),
        ("POST", "/health", "GET, HEAD"),
        ("OPTIONS", "/api/v1/me", "GET, HEAD, PATCH"),
        ("TRACE", "/api/v1/me", "GET, HEAD, PATCH"),
        ("get", "/health", "GET, HEAD"),
    ],
)
def test_a_405_names_the_methods_of_the_path(client: Any, method: str, path: str, allowed: str) -> None:
    answer = client.open(path, method=method)

    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/health", "/api/v1/me", "/nothing"])
def test_a_head_request_is_answered_as_a_get_without_its_body(signed_in: Any, path: str) -> None:
    head, get = signed_in.head(path), signed_in.get(path)

    assert (head.status_code, head.data) == (get.status_code, b"")
    assert head.headers["Content-Length"] == str(len(get.data))


def test_the_server_in_front_renders_problems_in_the_same_form(client: Any) -> None:
    headers, body = render_problem(503, "overloaded", "come back", "abc")
    ours = client.get("/nothing", headers={"X-Request-ID": "abc"})

    assert json.loads(body).keys() == ours.json.keys()
    assert json.loads(body)["title"] == "Overloaded"
    assert {name for name, _ in headers} == set(ours.headers.keys()) - {"Content-Length"} | {"Retry-After"}


def test_a_problem_of_the_server_without_a_request_id_gets_one() -> None:
    headers, body = render_problem(408, "never_heard_of", "too slow")

    assert json.loads(body)["request_id"] == dict(headers)["X-Request-ID"]
    assert json.loads(body)["title"] == "Never heard of"
    assert "Retry-After" not in dict(headers)


def _answer_of(make_client: Callable[..., Any], error: Exception) -> Any:
    def handler(query: Authenticate) -> Any:
        raise error

    with planted_errors():
        client = make_client(bus=MessageBus({Authenticate: handler}))
        return client.get("/api/v1/me", headers={"Authorization": "Bearer abc"})


def _fail_once(app: Any) -> Callable[[Exception], Any]:
    handler = app.error_handler_spec[None][None][Exception]
    failures = iter([RuntimeError("hunter2")])

    def answer(error: Exception) -> Any:
        for failure in failures:
            raise failure
        return handler(error)

    return answer
