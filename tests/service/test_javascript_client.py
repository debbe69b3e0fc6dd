"""Sockets with the JavaScript client of Socket.IO, under Node.js."""

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from tests.service.realtime import UPDATED, change_bio, log_out, registered

pytestmark = pytest.mark.long
HERE = Path(__file__).parent / "javascript"


class Page:
    """A client in JavaScript, and the events that it reports."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._events: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self.reader = threading.Thread(target=self._read, args=[process], daemon=True)
        self.reader.start()

    def next(self) -> tuple[str, Any]:
        """Return name and data of the next event."""
        return self._events.get(timeout=30)

    def until(self, event: str) -> Any:
        """Return the data of the next event of a name."""
        while True:
            name, data = self.next()
            if name == event:
                return data

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        for line in process.stdout:
            self._events.put(tuple(json.loads(line)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the client is installed."""
    folder = tmp_path_factory.mktemp("javascript")
    for name in ("package.json", "package-lock.json", "listen.mjs"):
        shutil.copy(HERE / name, folder)
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    subprocess.run(npm, cwd=folder, check=True, timeout=120)
    return folder


@pytest.fixture
def page(folder: Path) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a page, which connects with options of the client of Socket.IO."""

    @contextmanager
    def open_page(url: str, **options: Any) -> Iterator[Page]:
        argv = ["node", "listen.mjs", url, json.dumps(options)]
        with subprocess.Popen(argv, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
            opened = Page(process)
            try:
                yield opened
            finally:
                process.kill()
                opened.reader.join(30)  # before the pipe that it reads is closed

    return open_page


def options_of(headers: dict[str, str]) -> dict[str, Any]:
    token = headers["Authorization"].removeprefix("Bearer ")
    return {"auth": {"token": token}, "transports": ["websocket"]}


def test_a_page_receives_the_reason_of_a_refusal_and_does_not_reconnect_with_an_invalid_token(
    settings: dict[str, str], serving: Callable[..., Any], sockets: Callable[..., Any], page: Callable[..., Any]
) -> None:
    with serving(**settings) as (_, url), sockets(**settings) as (_, sockets_url, _):
        ada = registered(url, "ada")
        headers = ada.log_in()
        options = options_of(headers)
        with page(sockets_url, auth=options["auth"]) as poller:
            assert poller.next() == ("connect_error", "websockets_only")
        with page(f"{sockets_url}/other", **options) as elsewhere:
            assert elsewhere.next() == ("connect_error", "unknown_namespace")
        with page(sockets_url, **options) as client:
            client.until("connect")
            change_bio(ada, headers, "received")
            assert client.until(UPDATED)["data"]["changes"] == {"bio": "received"}
            log_out(ada, headers)
            name, problem = client.next()
            assert (name, problem["code"]) == ("closing", "invalid_token")
            assert client.next() == ("disconnect", "io server disconnect")
        with page(sockets_url, **options) as late:
            assert late.next() == ("connect_error", "invalid_token")


def test_a_page_receives_the_shutdown_of_the_service_and_reconnects_by_itself(
    settings: dict[str, str], serving: Callable[..., Any], sockets: Callable[..., Any], page: Callable[..., Any]
) -> None:
    with serving(**settings) as (_, url):
        options = options_of(registered(url, "ada").log_in())
        with (
            sockets(**settings) as (first, sockets_url, _),
            page(sockets_url, **options, reconnectionDelayMax=500) as client,
        ):
            client.until("connect")
            first.process.terminate()
            assert client.until("closing")["code"] == "draining"
            assert client.next() == ("disconnect", "transport close")
            assert first.process.wait(20) == 0
            with sockets(**settings, port=sockets_url.rpartition(":")[2]):
                client.until("connect")
