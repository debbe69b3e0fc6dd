"""Sockets as clients meet them: real worker processes, and clients of python-socketio over WebSockets."""

import gc
import json
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import requests
import socketio

from tests.servers.mongo import temporary_mongo_database
from tests.servers.postgres import temporary_database
from tests.servers.processes import RunningCommand
from tests.service.conftest import KEY
from tests.service.realtime import UPDATED, change_bio, log_out, registered

# The client of python-socketio leaves a socket to the garbage collector when it is the server that ends a connection.
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]

OPENED = "hexaccount.session.opened.v1"
CLOSED = "hexaccount.session.closed.v1"
Sending = Callable[..., Any]


def shut(client: socketio.Client) -> None:
    """Close what a client holds; it leaves its WebSocket open when it is the server that ends the connection."""
    client.disconnect()
    if client.eio.ws is not None:
        client.eio.ws.close()


class Listener:
    """A client that keeps what it hears."""

    def __init__(self, url: str, credentials: dict[str, str], **connection: Any) -> None:
        self.heard: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", lambda event, told=None: self.heard.put((event, told)))
        self.gone = threading.Event()  # not in the queue, as the client calls handlers in threads of their own
        self.client.on("disconnect", lambda _reason=None: self.gone.set())
        auth = {"token": credentials["Authorization"].removeprefix("Bearer ")}
        self.client.connect(url, **{"auth": auth, "transports": ["websocket"], "wait_timeout": 20, **connection})

    def hear(self, event: str, seconds: float = 20) -> Any:
        """Return what comes with the next event of a name; what comes before it is passed over."""
        deadline = time.monotonic() + seconds
        while True:
            heard, told = self.heard.get(timeout=max(0.0, deadline - time.monotonic()))
            if heard == event:
                return told

    def bio(self) -> str:
        """Return what the next change of a profile says."""
        return str(self.hear(UPDATED)["data"]["changes"]["bio"])

    def see_off(self) -> None:
        """Return once the server has ended the connection."""
        assert self.gone.wait(20)
        self.leave()

    def leave(self) -> None:
        """End the connection."""
        shut(self.client)

    def hear_until(self, event: str) -> list[str]:
        """Return the names of what comes, up to an event."""
        names: list[str] = []
        while event not in names:
            names.append(self.heard.get(timeout=20)[0])
        return names


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Have what clients leave behind collected here, and not in somebody else's test."""
    yield
    gc.collect()


@pytest.fixture(params=["sqlite", "postgresql", "mongodb"])
def store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give the settings of a store that several processes share."""
    if request.param == "sqlite":
        yield {"HEXACCOUNT_STORE": f"sqlite:///{tmp_path}/accounts.db", **KEY}
    elif request.param == "mongodb":
        with temporary_mongo_database(request.getfixturevalue("mongo_server")) as url:
            yield {"HEXACCOUNT_STORE": url, **KEY}
    else:
        with temporary_database(request.getfixturevalue("postgres_server")) as url:
            yield {"HEXACCOUNT_STORE": url, **KEY}


def test_sockets_on_two_workers_hear_what_one_request_caused_and_end_with_their_session(
    store_settings: dict[str, str],
    hexaccount: Callable[..., CompletedProcess[str]],
    serving: Sending,
    sockets: Sending,
) -> None:
    assert hexaccount("migrate", **store_settings).returncode == 0
    with serving(**store_settings) as (_, url), sockets("--workers", "2", **store_settings) as (command, place, _):
        ada, other = registered(url, "ada"), registered(url, "other")
        kept, ended, foreign = ada.log_in(), ada.log_in(), other.log_in()
        listeners: list[Listener] = []
        # The kernel gives each connection to either worker.
        while len(workers_with_sockets(command, place)) < 2:
            listeners.append(Listener(place, kept))
            assert len(listeners) < 20
        leaver, stranger = Listener(place, ended), Listener(place, foreign)
        wait_for_figure(place, "hexaccount_sockets", len(listeners) + 2)
        change_bio(ada, kept, "heard of")
        for listener in [*listeners, leaver]:
            event = listener.hear(UPDATED)
            assert event["data"]["changes"]["bio"] == "heard of"
            assert event["specversion"] == "1.0"
        log_out(ada, ended)
        assert leaver.hear("sent_away")["code"] == "invalid_token"
        leaver.see_off()
        for listener in listeners:
            assert listener.hear(CLOSED)["subject"] == event["subject"]
        change_bio(ada, kept, "heard of again")
        assert {listener.bio() for listener in listeners} == {"heard of again"}
        change_bio(other, foreign, "another's")
        assert UPDATED in (names := stranger.hear_until(UPDATED))
        assert set(names) <= {UPDATED, OPENED, "hexaccount.user.registered.v1", "hexaccount.profile.created.v1"}
        for listener in [*listeners, stranger]:
            listener.leave()


def test_what_stands_beside_the_sockets_is_read_and_nothing_else(settings: dict[str, str], sockets: Sending) -> None:
    with sockets(**settings) as (_, place, _):
        for path in ("/health", "/ready", "/metrics"):
            head, get = (requests.request(method, place + path, timeout=20) for method in ("HEAD", "GET"))
            assert (head.status_code, head.content, get.status_code) == (200, b"", 200)
            assert head.headers["Content-Type"] == get.headers["Content-Type"]
            for method in ("POST", "DELETE", "OPTIONS"):
                answer = requests.request(method, place + path, timeout=20)
                assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD"), (method, path)
                assert answer.json()["code"] == "method_not_allowed"
        assert requests.post(f"{place}/x", timeout=20).status_code == 404


def wait_for_figure(url: str, name: str, figure: float) -> None:
    """Return once a figure of all workers is what it should be."""
    deadline = time.monotonic() + 20
    while f"\n{name} {figure:.1f}\n" not in (told := requests.get(f"{url}/metrics", timeout=20).text):
        assert time.monotonic() < deadline, told
        time.sleep(0.1)


def workers_with_sockets(command: RunningCommand, url: str) -> set[int]:
    """Return the worker processes that hold a connection to the port of a URL."""
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


def test_who_may_not_connect_is_told_why_and_no_token_is_logged(
    settings: dict[str, str], serving: Sending, sockets: Sending
) -> None:
    burst = {**settings, "HEXACCOUNT_SESSION__ACCESS_LIFETIME": "4"}
    with serving(**burst) as (_, url), sockets(**settings) as (_, place, output):
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
            ("malformed_request", {"url": f"{place}?token={token}"}),
            ("malformed_request", {"url": f"{place}?access_token={token}", "auth": None}),
            ("websockets_only", {"transports": ["polling", "websocket"]}),
            ("unknown_namespace", {"namespaces": ["/other"]}),
        ]
        for code, connection in cases:
            assert refusal_of({"url": place, "auth": {"token": token}, **connection}) == code, connection
        by_header = Listener(place, headers, auth=None, headers=headers)
        assert by_header.hear("sent_away")["code"] == "token_expired"
        by_header.see_off()
        assert refusal_of({"url": place, "auth": {"token": token}}) == "invalid_token"
    logged = output.read_text()
    assert token not in logged
    assert token[-40:] not in logged


def refusal_of(connection: dict[str, Any]) -> str:
    """Return the code of the problem by which a connection is refused."""
    refusals: queue.SimpleQueue[Any] = queue.SimpleQueue()
    client = socketio.Client(reconnection=False)
    for namespace in connection.get("namespaces", ["/"]):
        client.on("connect_error", refusals.put, namespace=namespace)
    url = connection.pop("url")
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(url, **{"transports": ["websocket"], "wait_timeout": 20, **connection})
    told = refusals.get(timeout=20)
    shut(client)
    assert told["message"] == told["data"]["detail"]
    return str(told["data"]["code"])


def test_an_admin_hears_of_all_accounts_for_as_long_as_they_may(
    settings: dict[str, str],
    hexaccount: Callable[..., CompletedProcess[str]],
    serving: Sending,
    sockets: Sending,
) -> None:
    with serving(**settings) as (_, url), sockets(**settings) as (_, place, _):
        ada, root = registered(url, "ada"), registered(url, "root")
        assert hexaccount("users", "grant", "root", "admin", **settings).returncode == 0
        person, admin = Listener(place, ada.log_in()), Listener(place, root.log_in())
        assert person.client.call("watch")["code"] == "insufficient_scope"
        assert admin.client.call("watch") is None
        headers = ada.log_in()
        change_bio(ada, headers, "one")
        assert admin.bio() == "one"
        assert hexaccount("users", "revoke", "root", "admin", **settings).returncode == 0
        assert admin.hear("unwatched")["code"] == "insufficient_scope"
        change_bio(ada, headers, "two")
        assert person.bio() == "one"
        assert person.bio() == "two"
        change_bio(root, root.log_in(), "three")
        assert admin.bio() == "three"
        assert hexaccount("users", "disable", "ada", **settings).returncode == 0
        assert person.hear("sent_away")["code"] == "invalid_token"
        for listener in (person, admin):
            listener.leave()


def test_a_new_password_ends_the_sockets_of_all_other_sessions(
    settings: dict[str, str], serving: Sending, sockets: Sending
) -> None:
    with serving(**settings) as (_, url), sockets(**settings) as (_, place, _):
        ada = registered(url, "ada")
        mine, others = ada.log_in(), ada.log_in()
        here, there = Listener(place, mine), Listener(place, others)
        body = {"current_password": ada.password, "new_password": "another winding road"}
        answer = requests.post(f"{url}/api/v1/me/password", json=body, headers=mine, timeout=20)
        assert answer.status_code == 200, answer.text
        assert there.hear("sent_away")["code"] == "invalid_token"
        change_bio(ada, mine, "still here")
        assert here.bio() == "still here"
        here.leave()


def test_a_session_has_no_more_sockets_than_it_needs_and_a_message_no_more_bytes(
    settings: dict[str, str], serving: Sending, sockets: Sending
) -> None:
    with serving(**settings) as (_, url), sockets(**settings) as (_, place, _):
        ada = registered(url, "ada")
        headers = ada.log_in()
        listeners = [Listener(place, headers) for _ in range(20)]
        token = headers["Authorization"].removeprefix("Bearer ")
        assert refusal_of({"url": place, "auth": {"token": token}}) == "too_many_sockets"
        listeners[0].client.emit("watch", "x" * 10_000)
        listeners[0].see_off()
        listeners[0] = Listener(place, headers)
        change_bio(ada, headers, "all hear")
        for listener in listeners:
            assert listener.bio() == "all hear"
            listener.leave()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_order_with_sockets_open(
    settings: dict[str, str], serving: Sending, sockets: Sending, stop: signal.Signals
) -> None:
    with serving(**settings) as (_, url), sockets("--workers", "2", **settings) as (command, place, output):
        headers = registered(url, "ada").log_in()
        listeners = [Listener(place, headers) for _ in range(6)]
        command.process.send_signal(stop)
        for listener in listeners:
            assert listener.hear("sent_away")["code"] == "draining"
            listener.see_off()
        assert command.process.wait(20) == 0
    assert "Traceback" not in output.read_text()


def test_a_second_signal_ends_it_at_once(settings: dict[str, str], sockets: Sending) -> None:
    slow = {**settings, "HEXACCOUNT_HTTP__DRAIN_DELAY": "60"}
    with sockets(**slow) as (command, place, _):
        command.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 20
        while requests.get(f"{place}/ready", timeout=20).status_code != 503:
            assert time.monotonic() < deadline
        time.sleep(0.6)  # an order that comes twice in a moment is one order
        command.process.send_signal(signal.SIGTERM)
        assert command.process.wait(10) == 0


def test_what_it_cannot_do_is_said_with_the_remedy(
    hexaccount: Callable[..., CompletedProcess[str]], settings: dict[str, str], sockets: Sending
) -> None:
    told = hexaccount("realtime", HEXACCOUNT_STORE="memory://")
    assert told.returncode == 2
    assert "store: memory:// lives inside the one process" in told.stderr
    with sockets(**settings) as (_, place, _):
        port = place.rpartition(":")[2]
        told = hexaccount("realtime", "--port", port, **settings)
        assert told.returncode == 3
        assert "--port" in told.stderr
        answer = requests.get(f"{place}/api/v1/me", timeout=20)
        assert (answer.status_code, json.loads(answer.text)["code"]) == (404, "not_found")
        assert requests.get(f"{place}/health", timeout=20).status_code == 200
