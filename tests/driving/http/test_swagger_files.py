"""The files of the page that shows the API document."""

import re
from typing import Any
from urllib.parse import urljoin

import pytest

from hexaccount_flask.documents import FileName

PAGE = "/swagger/index.html"
NAMES = FileName.__args__  # type: ignore[attr-defined]  # those of a Literal


@pytest.mark.parametrize("path", ["/swagger", "/swagger/"])
def test_the_folder_redirects_to_the_page(client: Any, path: str) -> None:
    answer = client.get(path)

    there = urljoin(f"https://example.org/a/prefix{path}", answer.headers["Location"])
    assert (answer.status_code, there) == (302, f"https://example.org/a/prefix{PAGE}")
    assert client.get(PAGE).mimetype == "text/html"


def test_the_page_uses_files_of_this_service_only_and_no_inline_script(client: Any) -> None:
    text = client.get(PAGE).text

    named = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert set(named) == set(NAMES) - {"index.html"} | {"../swagger.json"}
    assert re.findall(r"<script[^>]*>([^<]+)", text) == []
    assert "style=" not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_file_may_be_kept_for_an_hour_and_load_nothing_from_elsewhere(client: Any, name: str) -> None:
    answer = client.get(f"/swagger/{name}")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    rules = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    known = client.get(f"/swagger/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (known.status_code, known.data) == (304, b"")


@pytest.mark.parametrize("name", ["VERSION", "page", "index.html/", "../app.py", "%2e%2e/app.py", "page.js%00", "é"])
def test_no_other_file_is_served(client: Any, name: str) -> None:
    answer = client.get(f"/swagger/{name}")

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
