"""The page of the API document: Swagger UI in a real browser, on a real service."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, Route, expect

from tests.documented.application import document
from tests.service.chromium import running_chromium

pytestmark = pytest.mark.slow

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"


@pytest.fixture
def browser() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


class SwaggerPage:
    """The page, with the errors and the requests of the browser."""

    def __init__(self, browser: Browser, url: str, *, prefix: str = "") -> None:
        """Open the page at a service, or at a proxy that serves it under a prefix of all paths."""
        self.url = url
        self.errors: list[str] = []
        self.requested: list[str] = []
        self._page: Page = browser.new_page(viewport={"width": 1200, "height": 1000})
        self._page.on("console", lambda message: self.errors.append(message.text))
        self._page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._page.on("requestfailed", lambda request: self.errors.append(f"{request.url}: {request.failure}"))
        self._page.on("request", lambda request: self.requested.append(request.url))
        if prefix:
            self._page.route(
                f"{url}{prefix}/**", lambda route: route.fulfill(response=route.fetch(url=self._behind(prefix, route)))
            )
        self._page.goto(f"{url}{prefix}/swagger/index.html" if prefix else f"{url}/swagger/")
        self._loaded()

    def reload(self) -> None:
        self._page.reload()
        self._loaded()

    def keep_token(self, *, kept: bool) -> None:
        self._page.get_by_label("Keep the token").set_checked(kept)

    def log_out(self) -> None:
        """Forget the token on the page."""
        self._page.get_by_role("button", name="Authorize").first.click()
        dialog = self._page.locator(".dialog-ux .modal-ux")
        dialog.get_by_role("button", name="Remove authorization").click()
        dialog.get_by_role("button", name="Close").last.click()

    def _behind(self, prefix: str, route: Route) -> str:
        return self.url + route.request.url.removeprefix(self.url + prefix)

    def _loaded(self) -> None:
        self._page.locator("#operations-me-get_me").wait_for()

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self._page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def execute(self, operation: str, **body: str) -> tuple[int, Any]:
        """Try an operation out, with some members of the example body changed."""
        block = self._page.locator(f"#operations-{operation}")
        if not block.locator(".opblock-body").is_visible():
            block.locator(".opblock-summary-control").click()
        # The page opens the operation that its address names by itself, but does not begin to try it out.
        if (begin := block.get_by_role("button", name="Try it out")).is_visible():
            begin.click()
        if body:
            editor = block.locator("textarea.body-param__text")
            editor.fill(json.dumps(json.loads(editor.input_value()) | body, indent=2))
        with self._page.expect_response(lambda answer: answer.request.resource_type == "fetch") as answered:
            block.get_by_role("button", name="Execute").click()
        shown = block.locator(".live-responses-table .response")
        # Until then it may be the previous response.
        expect(shown.locator(".response-col_status")).to_contain_text(str(answered.value.status))
        text = shown.locator(".response-col_description pre").first.inner_text()
        return answered.value.status, json.loads(text) if text.startswith("{") else None

    def draw(self, identifier: str) -> int:
        """Try the drawing of an avatar out, and return the width of the picture that the page shows."""
        block = self._page.locator("#operations-avatar-get_avatar")
        block.locator(".opblock-summary-control").click()
        block.get_by_role("button", name="Try it out").click()
        block.get_by_placeholder("identifier").fill(identifier)
        block.get_by_role("button", name="Execute").click()
        picture = block.locator(".live-responses-table img")
        expect(picture).to_be_visible()
        width: int = picture.evaluate("image => image.naturalWidth")
        return width

    def authorize(self, token: str) -> None:
        self._page.get_by_role("button", name="Authorize").first.click()
        dialog = self._page.locator(".dialog-ux .modal-ux")
        dialog.get_by_label("Value").or_(dialog.locator("input")).first.fill(token)
        dialog.get_by_role("button", name="Apply credentials").click()
        dialog.get_by_role("button", name="Close").last.click()


def test_a_user_tries_the_service_out_on_its_page(
    serving: Callable[..., AbstractContextManager[tuple[object, str]]], browser: Browser
) -> None:
    with serving(HEXACCOUNT_STORE="memory://") as (_, url):
        assert requests.get(f"{url}/swagger.json", timeout=20).json() == json.loads(json.dumps(document()))
        page = SwaggerPage(browser, url)
        page.screenshot("swagger")
        assert page.execute("me-get_me")[0] == 401
        assert page.execute("account-register")[0] == 201
        status, opened = page.execute("account-log_in", device="")
        assert status == 200
        page.authorize(opened["data"]["access"])
        status, me = page.execute("me-get_me")
        assert (status, me["data"]["user_name"]) == (200, "ada")
        page.screenshot("swagger-tried-out")
        assert page.draw("ada") == 256
        assert page.execute("account-log_out")[0] == 204
        assert page.execute("me-get_me")[0] == 401
        # The browser logs each 401; it logs no other error.
        assert [text for text in page.errors if "status of 401" not in text] == []
        assert {requested.startswith((f"{url}/", "data:", f"blob:{url}/")) for requested in page.requested} == {True}


def test_the_page_works_under_a_prefix_and_keeps_the_token_of_a_user_who_wants_that(
    serving: Callable[..., AbstractContextManager[tuple[object, str]]], browser: Browser
) -> None:
    with serving(HEXACCOUNT_STORE="memory://") as (_, url):
        page = SwaggerPage(browser, url, prefix="/accounts")
        assert page.execute("account-register")[0] == 201
        token = page.execute("account-log_in", device="")[1]["data"]["access"]
        statuses = []
        for kept in (False, True, False):
            page.keep_token(kept=kept)
            page.authorize(token)
            page.reload()
            statuses.append(page.execute("me-get_me")[0])
            if kept:
                page.screenshot("swagger-token-kept")
                page.log_out()
        assert statuses == [401, 200, 401]
        assert {requested.startswith((f"{url}/accounts/", "data:")) for requested in page.requested} == {True}
