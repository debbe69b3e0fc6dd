"""The example of a page: its tabs share one session, which survives a reload, and its socket outlives its token."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from tests.examples.installed_examples import install_from_npm
from tests.people import PASSWORD
from tests.servers.ports import free_port
from tests.service.account import Account
from tests.service.browser_app import (
    Deployment,
    Site,
    ask_often,
    everything_in,
    is_in,
    is_out,
    remember_the_session,
    stored_keys,
)
from tests.service.chromium import running_chromium
from tests.service.realtime import change_bio, end_all_sessions, registered

pytestmark = pytest.mark.long

# Without a grace, a second use of a refresh token ends the session.
SHORT = {"HEXACCOUNT_SESSION__ACCESS_LIFETIME": "4", "HEXACCOUNT_SESSION__REFRESH_GRACE": "0"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield a server of the page."""
    with Site(install_from_npm("browser_app", tmp_path_factory.mktemp("site"))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def services(settings: dict[str, str], site: Site) -> dict[str, str]:
    return {**settings, **SHORT, "HEXACCOUNT_HTTP__CORS_ORIGINS": f'["{site.origin}"]'}


@pytest.fixture
def deployment(
    services: dict[str, str], serving: Callable[..., Any], sockets: Callable[..., Any], site: Site, browser: Browser
) -> Iterator[Deployment]:
    with (
        serving(**services) as (_, url),
        sockets(**services) as (_, sockets_url, _),
        browser.new_context() as context,
    ):
        yield Deployment(site, url, sockets_url, context)


@pytest.fixture
def without_sockets(
    services: dict[str, str], serving: Callable[..., Any], site: Site, browser: Browser
) -> Iterator[Deployment]:
    """Yield a deployment in which no socket refreshes at the end of its token."""
    with serving(**services) as (_, url), browser.new_context() as context:
        yield Deployment(site, url, f"http://127.0.0.1:{free_port()}", context)


def changed(account: Account, first_name: str, bio: str) -> None:
    headers = account.log_in()
    change_bio(account, headers, bio)
    answer = requests.patch(f"{account.url}/api/v1/me", json={"first_name": first_name}, headers=headers, timeout=20)
    assert answer.status_code == 200


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


def test_nothing_of_a_person_is_left_in_any_tab_after_the_logout(deployment: Deployment) -> None:
    bob = registered(deployment.url, "bob")
    changed(deployment.ada, "Ada", "I count engines.")
    changed(bob, "Bob", "")
    tabs = [deployment.tab() for _ in range(2)]
    is_out(tabs[0])
    empty = everything_in(tabs[0])
    deployment.log_in(tabs[0], password="wrong horse battery")
    expect(tabs[0].get_by_role("alert")).not_to_be_empty()
    deployment.log_in(tabs[0])
    for tab in tabs:
        expect(tab.locator("#name")).to_have_text("Ada", timeout=30_000)
        expect(tab.locator("#bio")).to_have_text("I count engines.", timeout=30_000)
        expect(tab.get_by_role("alert")).to_be_empty()
        assert PASSWORD not in everything_in(tab)
    deployment.log_out(tabs[0])
    for tab in tabs:
        is_out(tab)
        assert everything_in(tab) == empty
    deployment.log_in(tabs[1], "bob")
    for tab in tabs:
        expect(tab.locator("#name")).to_have_text("Bob", timeout=30_000)
        tab.wait_for_load_state("networkidle")
        expect(tab.locator("#bio")).to_be_empty()
    assert deployment.errors == []


def test_what_was_begun_in_a_session_does_not_go_on_in_that_of_another_person(without_sockets: Deployment) -> None:
    changed(registered(without_sockets.url, "bob"), "Bob", "")
    tab, other = without_sockets.tab(), without_sockets.tab()
    without_sockets.log_in(tab)
    is_in(other)
    remember_the_session(other)
    without_sockets.log_out(tab)
    without_sockets.log_in(tab, "bob")
    expect(other.locator("#name")).to_have_text("Bob", timeout=30_000)
    ended = (
        "() => window.session.fetch('/api/v1/me').then((answer) => answer.status, (error) => error.constructor.name)"
    )
    assert other.evaluate(ended) == "LoggedOut"
    assert without_sockets.errors == []


def test_each_account_sends_the_device_token_of_its_last_login(without_sockets: Deployment) -> None:
    registered(without_sockets.url, "bob")
    tab = without_sockets.tab()
    for name in ("ada", "bob", " ADA ", "bob"):
        without_sockets.log_in(tab, name)
        is_in(tab)
        without_sockets.log_out(tab)
        is_out(tab)
        tab.reload()
    (none, adas), (nothing, bobs), (sent_by_ada, _), (sent_by_bob, _) = without_sockets.devices
    assert (none, nothing, sent_by_ada, sent_by_bob) == (None, None, adas, bobs)
    keys = stored_keys(tab)
    assert len(keys) == 2, "two device tokens, and no session"
    assert not [key for key in keys if "ada" in key or "bob" in key]


def two_tabs_with_an_expired_token(without_sockets: Deployment) -> list[Page]:
    tabs = [without_sockets.tab() for _ in range(2)]
    without_sockets.log_in(tabs[0])
    for tab in tabs:
        is_in(tab)
        remember_the_session(tab)
    tabs[0].wait_for_timeout(5000)
    return tabs


@pytest.mark.slow  # three tabs that race for longer are above
def test_two_tabs_whose_token_has_expired_refresh_it_once(without_sockets: Deployment) -> None:
    tabs = two_tabs_with_an_expired_token(without_sockets)
    before = len(without_sockets.refreshes)
    for tab in tabs:
        tab.evaluate(
            """(moment) => {
                const ask = async () => (await window.session.fetch("/api/v1/me")).status;
                const wait = new Promise((resolve) => setTimeout(resolve, moment - Date.now()));
                window.asked = wait.then(() => Promise.all([ask(), ask(), ask()]));
            }""",
            1000 * time.time() + 500,
        )
    assert [tab.evaluate("() => window.asked") for tab in tabs] == [[200] * 3] * 2
    assert without_sockets.refreshes[before:] == [200]


def test_a_refresh_without_an_answer_does_not_keep_the_other_tabs_waiting_for_ever(without_sockets: Deployment) -> None:
    tabs = two_tabs_with_an_expired_token(without_sockets)
    asked: list[str] = []
    tabs[0].route("**/public/refresh", lambda route: asked.append(route.request.url))
    tabs[0].evaluate("() => { window.session.fetch('/api/v1/me').catch(() => {}); }")
    tabs[0].wait_for_timeout(500)
    assert asked
    assert tabs[1].evaluate("async () => (await window.session.fetch('/api/v1/me')).status") == 200


def test_a_logout_waits_for_no_refresh_and_is_not_undone_by_its_answer(without_sockets: Deployment) -> None:
    tabs = two_tabs_with_an_expired_token(without_sockets)
    answered: list[tuple[Route, APIResponse]] = []
    tabs[0].route("**/public/refresh", lambda route: answered.append((route, route.fetch())))
    with tabs[0].expect_request("**/public/refresh"):
        tabs[0].evaluate("() => { window.asked = window.session.fetch('/api/v1/me').catch(() => {}); }")
    without_sockets.log_out(tabs[1])
    for tab in tabs:
        is_out(tab)
    ((route, answer),) = answered
    route.fulfill(response=answer)
    tabs[0].evaluate("() => window.asked")
    assert "session" not in stored_keys(tabs[0])
    ada = without_sockets.ada
    sessions = ada.get("/api/v1/me/sessions", ada.log_in()).json()["data"]
    assert len(sessions) == 1, "the session of the page has ended, by its former refresh token"
