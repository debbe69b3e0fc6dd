"""The example of a page in a browser, served with the Content-Security-Policy of docs/browsers.md."""

import re
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, expect

from tests.architecture.test_documents import ROOT
from tests.people import PASSWORD
from tests.servers.ports import free_port
from tests.service.realtime import registered

BROWSERS = ROOT / "docs/browsers.md"


class Site(ThreadingHTTPServer):
    """Serves a folder, with a policy."""

    policy = ""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", free_port()), partial(Files, directory=str(folder)))
        self.origin = f"http://localhost:{self.server_port}"


class Files(SimpleHTTPRequestHandler):
    server: Site

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", self.server.policy)
        super().end_headers()

    def log_message(self, *_: object) -> None: ...


def documented_policy(url: str, sockets_url: str) -> str:
    """Return the policy of docs/browsers.md for other origins of the service."""
    (policy,) = re.findall(r"^Content-Security-Policy: (.*?)^```", BROWSERS.read_text(), re.DOTALL | re.MULTILINE)
    policy = " ".join(policy.split())
    for documented, own in ("https", url), ("wss", f"ws://{urlsplit(sockets_url).netloc}"):
        assert f" {documented}://accounts.example.org" in policy
        policy = policy.replace(f" {documented}://accounts.example.org", f" {own}")
    return policy


class Deployment:
    """The services, and a person's browser that opens the page: all tabs of a context share their storage."""

    def __init__(self, site: Site, url: str, sockets_url: str, context: BrowserContext) -> None:
        site.policy = documented_policy(url, sockets_url)
        self.ada = registered(url, "ada")
        self.url = url
        self._page_url = f"{site.origin}/index.html#service={url}&sockets={sockets_url}"
        self._context = context
        self.refreshes: list[int] = []
        self.devices: list[tuple[str | None, str]] = []
        self.errors: list[str] = []

    def tab(self) -> Page:
        """Return a new tab that shows the page."""
        page = self._context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note_violation)
        page.on("response", self._note)
        page.goto(self._page_url)
        return page

    def log_in(self, tab: Page, name: str = "ada", password: str = PASSWORD) -> None:
        tab.get_by_label("User name").fill(name)
        tab.get_by_label("Password").fill(password)
        tab.get_by_role("button", name="Log in").click()

    def log_out(self, tab: Page) -> None:
        with tab.expect_response("**/logout"):
            tab.get_by_role("button", name="Log out").click()

    def _note(self, response: Any) -> None:
        if response.request.method != "POST":
            return
        if response.url.endswith("/public/refresh"):
            self.refreshes.append(response.status)
        if response.url.endswith("/public/login") and response.ok:
            self.devices.append((response.request.post_data_json.get("device"), response.json()["data"]["device"]))

    def _note_violation(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.errors.append(message.text)


def is_in(tab: Page) -> None:
    expect(tab.locator("#name")).to_have_text("Juliet", timeout=30_000)


def is_out(tab: Page) -> None:
    expect(tab.get_by_role("button", name="Log in")).to_be_visible(timeout=30_000)


def everything_in(tab: Page) -> str:
    """Return all text that a tab contains, typed or shown."""
    text = tab.evaluate(
        "() => [document.body.textContent, ...Array.from(document.querySelectorAll('input'), (input) => input.value)]"
    )
    return " ".join(" ".join(text).split())


def stored_keys(tab: Page) -> list[str]:
    """Return under which names a tab finds stored tokens."""
    keys: list[str] = tab.evaluate(
        """() => new Promise((resolve) => {
            const opening = indexedDB.open("hexaccount");
            opening.onsuccess = () => {
                const request = opening.result.transaction("tokens").objectStore("tokens").getAllKeys();
                request.onsuccess = () => resolve(request.result);
            };
        })"""
    )
    return keys


def remember_the_session(tab: Page) -> None:
    """Keep the session as `window.session`."""
    tab.evaluate(
        """async () => {
            const { Sessions } = await import("./session.js");
            const sessions = new Sessions(new URLSearchParams(location.hash.slice(1)).get("service"));
            window.session = await sessions.current();
        }"""
    )


def ask_often(tab: Page) -> None:
    """Begin requests that ask for tokens all the time, for longer than two of them last."""
    remember_the_session(tab)
    tab.evaluate(
        """() => {
            window.asked = (async () => {
                const statuses = new Set(), end = Date.now() + 9000;
                while (Date.now() < end) statuses.add((await window.session.fetch("/api/v1/me")).status);
                return [...statuses];
            })();
        }"""
    )
