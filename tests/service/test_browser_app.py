"""The example of a page: its tabs share one session, which survives a reload, and its socket outlives its token."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.examples.installed_examples import install_from_npm
from tests.people import PASSWORD
from tests.servers.ports import free_port
from tests.service.account import Account
from tests.service.realtime import change_bio, end_all_sessions, registered
from tests.service.test_swagger_page import FLAGS

pytestmark = pytest.mark.long

# Without a grace, a second use of a refresh token ends the session.
SHORT = {"HEXACCOUNT_SESSION__ACCESS_LIFETIME": "4", "HEXACCOUNT_SESSION__REFRESH_GRACE": "0"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the origin that serves the page."""
    folder = install_from_npm("browser_app", tmp_path_factory.mktemp("site"))

    class Files(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", free_port()), partial(Files, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join(20)


@contextmanager
def people_browser() -> Iterator[BrowserContext]:
    """Open a browser, whose tabs share their storage."""
    program = shutil.which("chromium")
    assert program, "install Debian's package chromium"
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program, args=FLAGS) as browser:
        yield browser.new_context()


class Deployment:
    """The services, and a browser that opens the page."""

    def __init__(self, site: str, url: str, sockets_url: str, context: BrowserContext) -> None:
        self.ada = registered(url, "ada")
        self._page_url = f"{site}/index.html#service={url}&sockets={sockets_url}"
        self._context = context
        self.refreshes: list[int] = []
        self.errors: list[str] = []

    def tab(self) -> Page:
        page = self._context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("response", self._note)
        page.goto(self._page_url)
        return page

    def log_in(self, tab: Page) -> None:
        tab.get_by_label("User name").fill("ada")
        tab.get_by_label("Password").fill(PASSWORD)
        tab.get_by_role("button", name="Log in").click()

    def _note(self, response: Any) -> None:
        if response.url.endswith("/public/refresh") and response.request.method == "POST":
            self.refreshes.append(response.status)


@pytest.fixture
def deployment(
    settings: dict[str, str], serving: Callable[..., Any], sockets: Callable[..., Any], site: str
) -> Iterator[Deployment]:
    settings = {**settings, **SHORT, "HEXACCOUNT_HTTP__CORS_ORIGINS": f'["{site}"]'}
    with (
        serving(**settings) as (_, url),
        sockets(**settings) as (_, sockets_url, _),
        people_browser() as context,
    ):
        yield Deployment(site, url, sockets_url, context)


def is_in(tab: Page) -> None:
    expect(tab.locator("#name")).to_have_text("Juliet", timeout=30_000)


def is_out(tab: Page) -> None:
    expect(tab.get_by_role("button", name="Log in")).to_be_visible(timeout=30_000)


def ask_often(tab: Page) -> None:
    """Begin requests that ask for tokens all the time, for longer than two of them last."""
    tab.evaluate(
        """async () => {
            const { Session } = await import("./session.js");
            const session = new Session(new URLSearchParams(location.hash.slice(1)).get("service"));
            window.asked = (async () => {
                const statuses = new Set(), end = Date.now() + 9000;
                while (Date.now() < end) statuses.add((await session.fetch("/api/v1/me")).status);
                return [...statuses];
            })();
        }"""
    )


@pytest.mark.slow
def test_tabs_share_a_session_that_survives_a_reload_and_ends_in_all_of_them(deployment: Deployment) -> None:
    first = deployment.tab()
    is_out(first)
    deployment.log_in(first)
    is_in(first)
    others = [deployment.tab() for _ in range(2)]
    for tab in others:
        is_in(tab)
    for tab in (first, *others):
        ask_often(tab)
    assert [tab.evaluate("() => window.asked") for tab in (first, *others)] == [[200]] * 3
    assert len(deployment.refreshes) >= 2
    assert set(deployment.refreshes) == {200}
    first.reload()
    is_in(first)
    others[0].get_by_role("button", name="Log out").click()
    for tab in (first, *others):
        is_out(tab)
    first.reload()
    is_out(first)
    assert deployment.errors == []


def test_a_page_receives_events_after_its_access_token_has_expired_and_notices_the_end(deployment: Deployment) -> None:
    tab = deployment.tab()
    deployment.log_in(tab)
    is_in(tab)
    for _ in range(2):  # the service closes the socket with the token, and the page opens the next one
        tab.wait_for_event("websocket", timeout=60_000)
    change_until_shown(deployment.ada, tab)
    assert set(deployment.refreshes) == {200}
    end_all_sessions(deployment.ada)
    is_out(tab)
    assert deployment.errors == []


def change_until_shown(account: Account, tab: Page) -> None:
    """Change the bio until the page shows it; nothing comes while it is not connected."""
    headers = account.log_in()
    for number in range(30):
        change_bio(account, headers, f"change {number}")
        tab.wait_for_timeout(500)
        if (tab.locator("#bio").text_content() or "").startswith("change"):
            return
        headers = account.log_in()
    pytest.fail("no event came")
