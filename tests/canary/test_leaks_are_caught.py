"""Plants each kind of leak and sees the canary die of it, and of nothing else."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import bcrypt
import click
import pytest
import requests
from click.testing import CliRunner
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.bootstrap.key_file import KEY_FILE
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.registration.register_user import RegisterUser
from hexaccount_flask.exchange import Exchange
from hexaccount_otel import Traces
from hexaccount_structlog import LineLog, LineStream
from tests.canary.plugin import WATCH
from tests.servers.otlp import OtlpReceiver
from tests.servers.processes import RunningCommand

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
KEY = "the key of a canary that sings no longer"
PASSWORD = "seven 'canaries' in a coal mine"
HEADER = "Bearer " + "aGFyZGx5IGEgdG9rZW4" * 2
PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----"

_log = logging.getLogger("planted")


@pytest.fixture
def service() -> Iterator[Service]:
    settings = Settings(store="memory://", jwt=JwtSettings(key=KEY), password=PasswordSettings(cost=4))
    with open_service(settings) as service:
        service.subscribe()
        yield service


@pytest.fixture
def leak() -> Iterator[Callable[[], str]]:
    """Give a function that returns the one leak that was planted, which is thereby forgiven."""

    def planted() -> str:
        (told,) = WATCH.take_leaks()
        for secret in (PASSWORD, KEY, HEADER, "canaries"):
            assert secret not in told
        return told

    assert WATCH.take_leaks() == []
    yield planted
    assert WATCH.take_leaks() == []


def register(service: Service, name: str = "tweety", **changes: str) -> None:
    texts = {"first_name": "Tweety", "last_name": "Pie", "password": PASSWORD, **changes}
    service.bus.handle(RegisterUser.of_text(user_name=name, email=f"{name}@example.org", **texts))


def token_of(service: Service) -> str:
    register(service)
    return service.bus.handle(LogIn(user_name="tweety", password=PASSWORD)).token


def stored_hash_of(service: Service) -> str:
    register(service)
    with service.store.unit_of_work() as uow:
        user = uow.users.find_by_name("tweety")
        assert user is not None
        return user.password_hash


@pytest.mark.parametrize("level", [logging.DEBUG, logging.ERROR])
def test_a_password_in_a_log_record_is_caught_at_every_level_also_among_its_arguments(service, leak, level) -> None:
    register(service)
    _log.log(level, "registered: %s", {"password": PASSWORD})
    told = leak()
    assert told.startswith("the password of RegisterUser stands in a log record of planted (test_leaks_are_caught.py:")


def test_a_wrong_password_is_a_secret_too(service, leak) -> None:
    with pytest.raises(WrongCredentials):
        service.bus.handle(LogIn(user_name="tweety", password=PASSWORD + " and more"))
    _log.error("not the password: " + PASSWORD + " and more")
    assert leak().startswith("the password of ")


def test_a_record_that_leaks_is_withheld_from_whoever_would_show_it(service, leak, caplog) -> None:
    register(service)
    _log.error("registered with %s", PASSWORD)
    leak()
    (record,) = caplog.records
    assert "canaries" not in record.getMessage()


def test_a_record_that_nobody_but_the_canary_asked_for_is_shown_to_nobody(leak, caplog) -> None:
    _log.debug(PEM)
    leak()
    assert not caplog.records


@pytest.mark.parametrize("text", [True, False])
def test_a_line_of_the_log_is_looked_at_in_both_forms(service, leak, tmp_path: Path, text: bool) -> None:
    register(service)
    with (tmp_path / "log").open("wb") as log:
        requests_log = LineLog(LineStream(log.fileno()), text=text).requests()
        requests_log.refused(PASSWORD, 400, "malformed_request")
    assert leak() == "the password of RegisterUser stands in a line of the log"


def test_a_span_on_its_way_to_a_collector_is_looked_at(service, leak) -> None:
    register(service)
    with OtlpReceiver() as collector:
        traces = Traces(collector.url, ratio=1)
        with traces.requests(Exchange("GET", "one", None, code=PASSWORD)):
            pass
        traces.close()
        assert [span.name for span in collector.spans] == ["GET"]
    assert leak() == "the password of RegisterUser stands in a request to a collector of traces"


def test_a_logger_that_keeps_to_itself_is_heard(leak) -> None:
    alone = logging.getLogger("planted.alone")
    alone.propagate = False
    alone.error(PEM)
    assert leak().startswith("a private key stands in a log record of planted.alone")


def test_the_text_of_an_error_is_looked_through_to_its_first_cause(service, leak) -> None:
    token = token_of(service)
    try:
        try:
            raise ValueError(token)  # noqa: TRY301 - it is the cause of the next
        except ValueError as error:
            raise RuntimeError("it failed") from error
    except RuntimeError:
        _log.exception("a job failed")
    assert leak().startswith("a signed token stands in a log record")


def test_a_record_that_cannot_be_formatted_is_looked_through_all_the_same(leak, monkeypatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    _log.error("one %s too %s few", HEADER)
    assert leak().startswith("a credential of a header stands in")


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("a password hash", stored_hash_of),
        ("a password hash", lambda _: bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode()),
        ("a signed token", token_of),
        ("a private key", lambda _: PEM),
        ("a secret of a webhook", lambda _: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("a credential of a header", lambda _: f"Authorization: {HEADER}"),
        ("jwt.key", lambda _: KEY),
    ],
    ids=["stored-hash", "bcrypt", "token", "pem", "whsec", "header", "key"],
)
def test_a_secret_of_every_form_is_caught(service, leak, kind: str, secret: Callable[[Service], str]) -> None:
    _log.info("what is it? %s!", secret(service))
    assert leak().startswith(f"{kind} stands in a log record of planted")


def test_a_secret_in_an_event_is_caught(service, leak) -> None:
    register(service)
    register(service, name="sylvester", last_name=PASSWORD, password="another canary than this")
    assert leak() == "the password of RegisterUser stands in an event hexaccount.user.registered.v1"


@pytest.mark.parametrize(("path", "status"), [("/", 401), ("/", 500), ("/metrics", 200)])
def test_a_secret_in_an_error_or_in_the_metrics_is_caught(service, leak, path: str, status: int) -> None:
    token = token_of(service)
    app = Flask("planted")
    app.add_url_rule(path, "planted", lambda: ({"detail": f"{token} is no good"}, status))
    app.test_client().get(path)
    assert leak() == f"a signed token stands in the answer {status} to GET {path}"


class Parrot(BaseHTTPRequestHandler):
    """Repeats what it is told: at /error with a 400."""

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


def test_what_is_sent_or_received_over_http_under_the_name_of_a_secret_is_known(parrot: str, leak) -> None:
    requests.post(f"{parrot}/error", json={"password": "a canary is not a parrot"}, timeout=5)
    assert leak() == "the password of a document stands in the answer 400 to POST /error"
    requests.post(f"{parrot}/", json={"data": {"refresh": "opaque-and-long-enough"}}, timeout=5)
    _log.info("the refresh token is opaque-and-long-enough")
    assert leak().startswith("the refresh of a document stands in a log record")


def test_a_success_may_hold_what_it_was_asked_for(parrot: str, leak) -> None:
    requests.post(f"{parrot}/", json={"access": HEADER, "password": PASSWORD}, timeout=5)


def test_the_output_of_a_running_command_is_looked_through_for_the_key_in_its_settings(tmp_path: Path, leak) -> None:
    shout = [sys.executable, "-c", "import os; print(os.environ['HEXACCOUNT_JWT__KEY'])"]
    key = {"HEXACCOUNT_JWT__KEY": "a key that only a process was given"}
    with RunningCommand(shout, output=tmp_path / "log", env=key) as command:
        command.process.wait(20)
    assert leak() == f"the HEXACCOUNT_JWT__KEY of a document stands in the output of {Path(sys.executable).name}"


def test_the_output_of_a_running_command_is_looked_through_for_the_key_that_it_made(tmp_path: Path, leak) -> None:
    key_file = tmp_path / KEY_FILE
    key_file.parent.mkdir()
    key_file.write_text("a key that was made by the service\n")
    with RunningCommand(["cat", str(key_file)], output=tmp_path / "log", cwd=tmp_path) as command:
        command.process.wait(20)
    assert leak() == "the signing key in a file stands in the output of cat"


def test_the_errors_of_a_command_that_was_waited_for_are_looked_through(leak) -> None:
    parrot = [sys.executable, "-c", "import sys; sys.stderr.write(input())", "--password-stdin"]
    subprocess.run(parrot, input="not for your ears\n", capture_output=True, text=True, check=True, timeout=20)
    assert leak() == f"a password from standard input stands in the output of {Path(sys.executable).name}"


def test_the_errors_of_the_command_line_are_looked_through(service, leak) -> None:
    password = "a song that no other test sings"  # so that it is known by this message alone
    register(service, password=password)

    @click.command()
    def blurt() -> None:
        click.echo(f"error: {password} is too canary", err=True)

    CliRunner().invoke(blurt)
    assert leak() == "the password of RegisterUser stands in the output of the command line"


@pytest.mark.parametrize("text", ["password1", "aaaaaaaaaaaaa", "tweety@example.org"])
def test_what_may_stand_anywhere_by_chance_is_no_alarm(service, leak, text: str) -> None:
    with pytest.raises(WrongCredentials):
        service.bus.handle(LogIn(user_name="Tweety@example.org", password=text))
    _log.info("about %s", text)


@given(password=st.just("a password that Hypothesis made up"))
def test_what_hypothesis_makes_up_is_not_remembered(password: str) -> None:
    WATCH.secrets.learn("made up", password)
    _log.info("about %s", password)


PLANTED = """
import logging
import os

import pytest

TOKEN = ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJ0d2VldHkifQ", "c2lnbmF0dXJlcyBhcmUgbG9uZ2Vy"])


@pytest.fixture(scope="module")
def parting():
    yield
    logging.getLogger("planted").error("%s", TOKEN)


def test_that_leaks():
    logging.getLogger("planted").info("%s", TOKEN)


def test_that_does_not():
    pass


def test_whose_module_leaks(parting):
    pass
"""
PLANTED_CONFTEST = """
import logging
import os


def pytest_sessionfinish():
    logging.getLogger("planted").error("Bearer aGFyZGx5IGEgdG9rZW4aGFyZGx5IGEgdG9rZW4")
"""


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pytest", "-p", "tests.canary.plugin", "-p", "no:cacheprovider", "-c", "none.ini"]
    (folder / "none.ini").write_text("[pytest]\n")
    # pytest repeats whole messages in its summary where it believes to run in CI: one output to compare everywhere.
    environ = {name: value for name, value in os.environ.items() if name not in {"CI", "BUILD_NUMBER"}}
    return subprocess.run(
        [*argv[:-1], str(folder / "none.ini"), *options, str(folder)],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_leak_fails_its_test_and_is_told_without_the_secret(tmp_path: Path, leak) -> None:
    (tmp_path / "test_planted.py").write_text(PLANTED)
    told = run_pytest(tmp_path)
    assert told.returncode == 1, told.stderr
    assert "3 passed, 2 errors" in told.stdout
    for name in ("test_that_leaks", "test_whose_module_leaks"):
        assert f"ERROR at teardown of {name}" in told.stdout
    assert told.stdout.count("a signed token stands in a log record of planted (test_planted.py:") == 2
    assert "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi" not in told.stdout
    assert "canary: looked through 2 log records, 0 secrets known" in told.stdout


def test_a_leak_after_the_last_test_fails_the_run(tmp_path: Path, leak) -> None:
    (tmp_path / "test_planted.py").write_text("def test_that_does_not_leak():\n    pass\n")
    (tmp_path / "conftest.py").write_text(PLANTED_CONFTEST)
    told = run_pytest(tmp_path)
    assert told.returncode == 1, told.stderr
    assert "1 passed" in told.stdout
    assert "the canary died after the last test: a credential of a header stands in" in told.stdout


def test_the_canary_is_in_every_run(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.has_plugin("tests.canary.plugin")
    assert pytestconfig.pluginmanager.get_plugin("tests.canary.plugin").WATCH is WATCH
