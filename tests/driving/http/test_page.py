"""The files of the page on which the API document is read and tried out."""

import re
from typing import Any

import pytest

from hexaccount_flask.routes_swagger import FileName

PAGE = "/swagger/index.html"
NAMES = FileName.__args__  # type: ignore[attr-defined]  # those of a Literal


@pytest.mark.parametrize("path", ["/swagger", "/swagger/"])
def test_whoever_looks_for_the_page_finds_it(visitor: Any, path: str) -> None:
    answer = visitor.get(path)

    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    assert visitor.get(path, follow_redirects=True).mimetype == "text/html"


def test_the_page_is_made_of_files_of_this_service_alone_and_runs_no_script_of_its_text(visitor: Any) -> None:
    text = visitor.get(PAGE).text

    named = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert {name for name in named if not name.startswith("/")} == set(NAMES) - {"index.html"}
    assert [name for name in named if name.startswith("/")] == ["/swagger.json"]
    assert re.findall(r"<script[^>]*>([^<]+)", text) == []
    assert "style=" not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_file_may_be_kept_for_an_hour_and_load_nothing_from_elsewhere(visitor: Any, name: str) -> None:
    answer = visitor.get(f"/swagger/{name}")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    rules = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    known = visitor.get(f"/swagger/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (known.status_code, known.data) == (304, b"")


@pytest.mark.parametrize("name", ["VERSION", "page", "index.html/", "../app.py", "%2e%2e/app.py", "page.js%00", "é"])
def test_no_other_file_is_given_away(visitor: Any, name: str) -> None:
    answer = visitor.get(f"/swagger/{name}")

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
