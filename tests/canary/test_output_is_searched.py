"""Leaks planted in responses, and in the output of commands, are caught."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import click
import pytest
import requests
from click.testing import CliRunner
from flask import Flask

from hexaccount.bootstrap.key_file import KEY_FILE
from tests.canary.known_secrets import KnownSecrets
from tests.canary.planting import HEADER, PASSWORD, register, token_of
from tests.servers.processes import RunningCommand

pytestmark = pytest.mark.long


_log = logging.getLogger("planted")


@pytest.mark.parametrize(("path", "status"), [("/", 401), ("/", 500), ("/metrics", 200)])
def test_a_secret_in_an_error_or_in_the_metrics_is_caught(service, leak, path: str, status: int) -> None:
    token = token_of(service)
    app = Flask("planted")
    app.add_url_rule(path, "planted", lambda: ({"detail": f"{token} is no good"}, status))
    app.test_client().get(path)
    assert leak() == f"a signed token appears in the answer {status} to GET {path}"


class Parrot(BaseHTTPRequestHandler):
    """Returns the body of each request, at /error with a 400."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400 if self.path == "/error" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def parrot() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Parrot) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_value_with_the_name_of_a_secret_sent_or_received_over_http_is_a_secret(parrot: str, leak) -> None:
    requests.post(f"{parrot}/error", json={"password": "a canary is not a parrot"}, timeout=5)
    assert leak() == "the password of a document appears in the answer 400 to POST /error"
    requests.post(f"{parrot}/", json={"data": {"refresh": "opaque-and-long-enough"}}, timeout=5)
    _log.info("the refresh token is opaque-and-long-enough")
    assert leak().startswith("the refresh of a document appears in a log record")


def test_a_successful_response_may_contain_a_secret(parrot: str, leak) -> None:
    requests.post(f"{parrot}/", json={"access": HEADER, "password": PASSWORD}, timeout=5)


def test_the_output_of_a_running_command_is_searched_for_the_key_of_its_settings(tmp_path: Path, leak) -> None:
    shout = [sys.executable, "-c", "import os; print(os.environ['HEXACCOUNT_JWT__KEY'])"]
    key = {"HEXACCOUNT_JWT__KEY": "a key that only a process was given"}
    with RunningCommand(shout, output=tmp_path / "log", env=key) as command:
        command.process.wait(20)
    assert leak() == f"the HEXACCOUNT_JWT__KEY of a document appears in the output of {Path(sys.executable).name}"


def test_the_output_of_a_running_command_is_searched_for_the_key_that_it_created(tmp_path: Path, leak) -> None:
    key_file = tmp_path / KEY_FILE
    key_file.parent.mkdir()
    key_file.write_text("a key that was made by the service\n")
    with RunningCommand(["cat", str(key_file)], output=tmp_path / "log", cwd=tmp_path) as command:
        command.process.wait(20)
    assert leak() == "the signing key in a file appears in the output of cat"


def test_the_errors_of_a_completed_command_are_searched(leak) -> None:
    parrot = [sys.executable, "-c", "import sys; sys.stderr.write(input())", "--password-stdin"]
    subprocess.run(parrot, input="not for your ears\n", capture_output=True, text=True, check=True, timeout=20)
    assert leak() == f"a password from standard input appears in the output of {Path(sys.executable).name}"


def test_the_errors_of_the_command_line_are_searched(service, leak) -> None:
    password = "a song that no other test sings"  # registered as a secret by this message only
    register(service, password=password)

    @click.command()
    def print_password() -> None:
        click.echo(f"error: {password} is too canary", err=True)

    CliRunner().invoke(print_password)
    assert leak() == "the password of RegisterUser appears in the output of the command line"


def test_a_user_agent_in_a_list_of_sessions_is_no_secret_and_a_device_token_is_one() -> None:
    known, agent, token = KnownSecrets(), "Mozilla/5.0 (X11; Linux x86_64)", "AZPB-o-CdkWM-Q5A" * 4
    known.learn_document([{"device": agent}, {"device": token}])
    assert known.kind_in(agent) is None
    assert known.kind_in(token) == "the device of a document"
