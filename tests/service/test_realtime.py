"""Sockets with real worker processes, and clients of python-socketio over WebSockets."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import requests

from tests.servers.mongo import temporary_mongo_database
from tests.servers.postgres import temporary_database
from tests.servers.processes import RunningCommand
from tests.service.conftest import KEY
from tests.service.listener import Listener, refusal_of
from tests.service.realtime import UPDATED, change_bio, log_out, registered

# The client of python-socketio does not close its socket when the server ends the connection.
pytestmark = [
    pytest.mark.long,
    pytest.mark.usefixtures("garbage_collected"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

OPENED = "hexaccount.session.opened.v1"
CLOSED = "hexaccount.session.closed.v1"
Sending = Callable[..., Any]


@pytest.fixture(params=["postgresql", *(pytest.param(name, marks=pytest.mark.slow) for name in ("sqlite", "mongodb"))])
def store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Return the settings of a store that several processes share."""
    if request.param == "sqlite":
        yield {"HEXACCOUNT_STORE": f"sqlite:///{tmp_path}/accounts.db", **KEY}
    elif request.param == "mongodb":
        with temporary_mongo_database(request.getfixturevalue("mongo_server")) as url:
            yield {"HEXACCOUNT_STORE": url, **KEY}
    else:
        with temporary_database(request.getfixturevalue("postgres_server")) as url:
            yield {"HEXACCOUNT_STORE": url, **KEY}


def test_sockets_on_two_workers_receive_the_events_of_one_request_and_end_with_their_session(
    store_settings: dict[str, str],
    hexaccount: Callable[..., CompletedProcess[str]],
    serving: Sending,
    sockets: Sending,
) -> None:
    assert hexaccount("migrate", **store_settings).returncode == 0
    with (
        serving(**store_settings) as (_, url),
        sockets("--workers", "2", **store_settings) as (command, sockets_url, _),
    ):
        ada, other = registered(url, "ada"), registered(url, "other")
        open_session, ended, foreign = ada.log_in(), ada.log_in(), other.log_in()
        listeners: list[Listener] = []
        # The kernel assigns each connection to either worker.
        while len(workers_with_sockets(command, sockets_url)) < 2:
            listeners.append(Listener(sockets_url, open_session))
            assert len(listeners) < 20
        leaver, foreign_listener = Listener(sockets_url, ended), Listener(sockets_url, foreign)
        wait_for_metric(sockets_url, "hexaccount_sockets", len(listeners) + 2)
        change_bio(ada, open_session, "received")
        for listener in [*listeners, leaver]:
            event = listener.receive(UPDATED)
            assert event["data"]["changes"]["bio"] == "received"
            assert event["specversion"] == "1.0"
        log_out(ada, ended)
        assert leaver.receive("closing")["code"] == "invalid_token"
        leaver.wait_disconnected()
        for listener in listeners:
            assert listener.receive(CLOSED)["subject"] == event["subject"]
        change_bio(ada, open_session, "received again")
        assert {listener.bio() for listener in listeners} == {"received again"}
        change_bio(other, foreign, "foreign")
        assert UPDATED in (names := foreign_listener.receive_until(UPDATED))
        assert set(names) <= {UPDATED, OPENED, "hexaccount.user.registered.v1", "hexaccount.profile.created.v1"}
        for listener in [*listeners, foreign_listener]:
            listener.disconnect()


def test_the_routes_beside_the_sockets_are_read_only(settings: dict[str, str], sockets: Sending) -> None:
    with sockets(**settings) as (_, sockets_url, _):
        for path in ("/health", "/ready", "/metrics"):
            head, get = (requests.request(method, sockets_url + path, timeout=20) for method in ("HEAD", "GET"))
            assert (head.status_code, head.content, get.status_code) == (200, b"", 200)
            assert head.headers["Content-Type"] == get.headers["Content-Type"]
            for method in ("POST", "DELETE", "OPTIONS"):
                response = requests.request(method, sockets_url + path, timeout=20)
                assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD"), (method, path)
                assert response.json()["code"] == "method_not_allowed"
        assert requests.post(f"{sockets_url}/x", timeout=20).status_code == 404


def wait_for_metric(url: str, name: str, value: float) -> None:
    """Wait until a metric of all workers has a value."""
    deadline = time.monotonic() + 20
    while f"\n{name} {value:.1f}\n" not in (metrics := requests.get(f"{url}/metrics", timeout=20).text):
        assert time.monotonic() < deadline, metrics
        time.sleep(0.1)


def workers_with_sockets(command: RunningCommand, url: str) -> set[int]:
    """Return the worker processes that have a connection to the port of a URL."""
    port = f":{int(url.rpartition(':')[2]):04X}"
    inodes = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(port) and fields[3] == "01":
            inodes.add(f"socket:[{fields[9]}]")
    children = Path(f"/proc/{command.process.pid}/task/{command.process.pid}/children").read_text().split()
    found = set()
    for child in children:
        links = {str(link.readlink()) for link in Path(f"/proc/{child}/fd").iterdir() if link.is_symlink()}
        if links & inodes:
            found.add(int(child))
    return found


def test_a_refused_client_receives_the_reason_and_no_token_is_logged(
    settings: dict[str, str], serving: Sending, sockets: Sending
) -> None:
    burst = {**settings, "HEXACCOUNT_SESSION__ACCESS_LIFETIME": "4"}
    with serving(**burst) as (_, url), sockets(**settings) as (_, sockets_url, output):
        ada = registered(url, "ada")
        headers, revoked = ada.log_in(), ada.log_in()
        token = headers["Authorization"].removeprefix("Bearer ")
        log_out(ada, revoked)
        cases: list[tuple[str, dict[str, Any]]] = [
            ("not_authenticated", {"auth": None}),
            ("not_authenticated", {"auth": {"token": 7}}),
            ("not_authenticated", {"auth": {"token": "no token68 {}"}}),
            ("invalid_token", {"auth": {"token": token[:-4]}}),
            ("invalid_token", {"auth": {"token": revoked["Authorization"].removeprefix("Bearer ")}}),
            ("malformed_request", {"url": f"{sockets_url}?token={token}"}),
            ("malformed_request", {"url": f"{sockets_url}?access_token={token}", "auth": None}),
            ("websockets_only", {"transports": ["polling", "websocket"]}),
            ("unknown_namespace", {"namespaces": ["/other"]}),
        ]
        for code, connection in cases:
            assert refusal_of({"url": sockets_url, "auth": {"token": token}, **connection}) == code, connection
        by_header = Listener(sockets_url, headers, auth=None, headers=headers)
        assert by_header.receive("closing")["code"] == "token_expired"
        by_header.wait_disconnected()
        assert refusal_of({"url": sockets_url, "auth": {"token": token}}) == "invalid_token"
    logged = output.read_text()
    assert token not in logged
    assert token[-40:] not in logged


def test_an_admin_receives_the_events_of_all_accounts_until_the_role_is_revoked(
    settings: dict[str, str],
    hexaccount: Callable[..., CompletedProcess[str]],
    serving: Sending,
    sockets: Sending,
) -> None:
    with serving(**settings) as (_, url), sockets(**settings) as (_, sockets_url, _):
        ada, root, _ = registered(url, "ada"), registered(url, "root"), registered(url, "prince")
        for name in ("root", "prince"):
            assert hexaccount("users", "grant", name, "admin", **settings).returncode == 0
        user, admin = Listener(sockets_url, ada.log_in()), Listener(sockets_url, root.log_in())
        assert user.client.call("watch")["code"] == "insufficient_scope"
        assert admin.client.call("watch") is None
        headers = ada.log_in()
        change_bio(ada, headers, "one")
        assert admin.bio() == "one"
        assert hexaccount("users", "revoke", "root", "admin", **settings).returncode == 0
        assert admin.receive("unwatched")["code"] == "insufficient_scope"
        change_bio(ada, headers, "two")
        assert user.bio() == "one"
        assert user.bio() == "two"
        change_bio(root, root.log_in(), "three")
        assert admin.bio() == "three"
        assert hexaccount("users", "disable", "ada", **settings).returncode == 0
        assert user.receive("closing")["code"] == "invalid_token"
        for listener in (user, admin):
            listener.disconnect()


def test_a_new_password_ends_the_sockets_of_all_sessions(
    settings: dict[str, str], serving: Sending, sockets: Sending
) -> None:
    with serving(**settings) as (_, url), sockets(**settings) as (_, sockets_url, _):
        ada = registered(url, "ada")
        mine, others = ada.log_in(), ada.log_in()
        listeners = [Listener(sockets_url, each) for each in (mine, others)]
        body = {"current_password": ada.password, "new_password": "another winding road"}
        response = requests.post(f"{url}/api/v1/me/password", json=body, headers=mine, timeout=20)
        assert response.status_code == 200, response.text
        for listener in listeners:
            assert listener.receive("closing")["code"] == "invalid_token"
        new = {"Authorization": f"Bearer {response.json()['data']['access']}"}
        here = Listener(sockets_url, new)
        change_bio(ada, new, "still here")
        assert here.bio() == "still here"
        here.disconnect()
