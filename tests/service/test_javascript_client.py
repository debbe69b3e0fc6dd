"""The sockets as a page meets them: the client of socket.io in JavaScript, under Node.js."""

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
    """A client in JavaScript, and what happens to it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._happens: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self._reader = threading.Thread(target=self._read, args=[process], daemon=True)
        self._reader.start()

    def next(self) -> tuple[str, Any]:
        """Return what happens next."""
        return self._happens.get(timeout=30)

    def until(self, happened: str) -> Any:
        """Return what was told with the next thing of a name."""
        while True:
            name, told = self.next()
            if name == happened:
                return told

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        for line in process.stdout:
            self._happens.put(tuple(json.loads(line)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder in which the client is installed."""
    folder = tmp_path_factory.mktemp("javascript")
    for name in ("package.json", "package-lock.json", "listen.mjs"):
        shutil.copy(HERE / name, folder)
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    subprocess.run(npm, cwd=folder, check=True, timeout=120)
    return folder


@pytest.fixture
def page(folder: Path) -> Iterator[Callable[..., Any]]:
    """Give a function that opens a page, which connects with the options of socket.io's client."""

    @contextmanager
    def open_page(url: str, **options: Any) -> Iterator[Page]:
        argv = ["node", "listen.mjs", url, json.dumps(options)]
        with subprocess.Popen(argv, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield Page(process)
            finally:
                process.kill()

    return open_page


def options_of(headers: dict[str, str]) -> dict[str, Any]:
    token = headers["Authorization"].removeprefix("Bearer ")
    return {"auth": {"token": token}, "transports": ["websocket"]}


def test_a_page_is_told_why_it_is_refused_or_sent_away_and_does_not_come_again_with_a_dead_token(
    settings: dict[str, str], serving: Callable[..., Any], sockets: Callable[..., Any], page: Callable[..., Any]
) -> None:
    with serving(**settings) as (_, url), sockets(**settings) as (_, place, _):
        ada = registered(url, "ada")
        headers = ada.log_in()
        options = options_of(headers)
        with page(place, auth=options["auth"]) as poller:
            assert poller.next() == ("connect_error", "websockets_only")
        with page(f"{place}/other", **options) as elsewhere:
            assert elsewhere.next() == ("connect_error", "unknown_namespace")
        with page(place, **options) as client:
            client.until("connect")
            change_bio(ada, headers, "heard of")
            assert client.until(UPDATED)["data"]["changes"] == {"bio": "heard of"}
            log_out(ada, headers)
            name, told = client.next()
            assert (name, told["code"]) == ("sent_away", "invalid_token")
            assert client.next() == ("disconnect", "io server disconnect")
        with page(place, **options) as late:
            assert late.next() == ("connect_error", "invalid_token")


def test_a_page_is_told_of_the_end_of_the_service_and_comes_again_by_itself(
    settings: dict[str, str], serving: Callable[..., Any], sockets: Callable[..., Any], page: Callable[..., Any]
) -> None:
    with serving(**settings) as (_, url):
        options = options_of(registered(url, "ada").log_in())
        with sockets(**settings) as (first, place, _), page(place, **options, reconnectionDelayMax=500) as client:
            client.until("connect")
            first.process.terminate()
            assert client.until("sent_away")["code"] == "draining"
            assert client.next() == ("disconnect", "transport close")
            assert first.process.wait(20) == 0
            with sockets(**settings, port=place.rpartition(":")[2]):
                client.until("connect")
