"""`hexaccount http` as processes: start, use and stop."""

import signal
import stat
import time
from pathlib import Path

import pytest
import requests

from tests.servers.postgres import temporary_database
from tests.service.account import Account
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.long

KEY = {"HEXACCOUNT_JWT__KEY": SIGNING_KEY}


def eventually(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.05)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_without_any_setting_it_creates_store_and_key_and_serves(serving, tmp_path, workers):
    with serving("--workers", workers) as (command, url):
        ada = Account(url, "ada")
        assert ada.register().status_code == 201
        token = ada.log_in()
        assert ada.get("/api/v1/me", token).json()["data"]["user_name"] == "ada"
        eventually(lambda: ada.get("/api/v1/me/profile", token).json()["data"]["updated_at"] is not None)
        assert command.terminate() == 0
        assert "made a signing key in hexaccount-data/jwt.key" in command.output
        assert f"listening on {url}" in command.output
    data = tmp_path / "hexaccount-data"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "jwt.key").stat().st_mode) == 0o600


def test_accounts_and_tokens_outlive_a_restart(serving):
    with serving() as (command, url):
        Account(url, "ada").register()
        token = Account(url, "ada").log_in()
        assert command.terminate() == 0
    with serving() as (command, url):
        assert Account(url, "ada").get("/api/v1/me", token).status_code == 200
        assert command.output.count("made a signing key") == 1


def test_a_session_ended_by_one_worker_is_invalid_on_all(serving):
    with serving("--workers", "2") as (_, url):
        ada = Account(url, "ada")
        ada.register()
        token = ada.log_in()
        assert requests.post(f"{url}/api/v1/public/logout", headers=token, timeout=20).status_code == 204
        # Each connection is a new one, so that both workers answer.
        assert {ada.get("/api/v1/me", token).status_code for _ in range(20)} == {401}


def test_it_serves_from_memory_and_writes_no_file(serving, tmp_path):
    with serving(HEXACCOUNT_STORE="memory://") as (command, url):
        ada = Account(url, "ada")
        ada.register()
        assert ada.get("/api/v1/me", ada.log_in()).status_code == 200
        assert command.terminate() == 0
    assert not (tmp_path / "hexaccount-data").exists()


def test_a_page_may_read_a_refusal_of_the_server_in_front_of_flask(serving):
    page = {"Origin": "https://app.example.org"}
    with serving(HEXACCOUNT_STORE="memory://", HEXACCOUNT_HTTP__CORS_ORIGINS='["https://app.example.org"]') as (_, url):
        refused = requests.post(f"{url}/api/v1/public/login", data=b"x" * 70_000, headers=page, timeout=20)
        assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
        assert refused.headers["Access-Control-Allow-Origin"] == page["Origin"]
        assert refused.headers["Vary"] == "Origin"


def test_ctrl_c_stops_it_without_a_traceback(serving):
    with serving("--workers", "2") as (command, _):
        command.process.send_signal(signal.SIGINT)
        assert command.process.wait(20) == 0
        assert "Traceback" not in command.output


def test_postgresql_must_be_migrated_before_it_serves(serving, hexaccount, postgres_server):
    with temporary_database(postgres_server) as database:
        settings = {"HEXACCOUNT_STORE": database, **KEY}
        refused = hexaccount("http", "--port", "0", **settings)
        assert refused.returncode == 3
        assert "hexaccount migrate" in refused.stderr
        assert "schema is version" in hexaccount("migrate", **settings).stdout
        with serving("--workers", "2", **settings) as (command, url):
            ada = Account(url, "ada")
            assert ada.register().status_code == 201
            token = ada.log_in()
            eventually(lambda: ada.get("/api/v1/me/profile", token).json()["data"]["updated_at"] is not None)
            assert hexaccount("users", "disable", "ada", **settings).returncode == 0
            assert ada.get("/api/v1/me", token).status_code == 401
            assert command.terminate() == 0


def test_events_are_delivered_by_a_separate_relay(serving, hexaccount, tmp_path, environment):
    from tests.servers.processes import RunningCommand, console_command

    with serving(HEXACCOUNT_RELAY__ENABLED="false") as (_, url):
        ada = Account(url, "ada")
        ada.register()
        token = ada.log_in()
        assert ada.get("/api/v1/me/profile", token).json()["data"]["updated_at"] is None
        argv = [*console_command("hexaccount"), "relay"]
        with RunningCommand(argv, output=tmp_path / "relay", env=environment, cwd=tmp_path) as relay:
            eventually(lambda: ada.get("/api/v1/me/profile", token).json()["data"]["updated_at"] is not None)
            assert relay.terminate() == 0
            assert "profile-of-a-registered-user" in relay.output


def test_an_address_in_use_is_an_error_with_the_remedy(serving, hexaccount):
    with serving() as (_, url):
        refused = hexaccount("http", "--port", url.rpartition(":")[2])
        assert refused.returncode == 3
        assert "--port" in refused.stderr


def test_a_command_on_a_missing_default_store_names_the_remedy(hexaccount, tmp_path: Path):
    refused = hexaccount("users", "list")
    assert refused.returncode == 3
    assert "hexaccount migrate" in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        (["http", "--workers", "2"], {"HEXACCOUNT_STORE": "memory://"}, "--workers 1"),
        (["users", "list"], {"HEXACCOUNT_STORE": "memory://"}, "memory://"),
        (["migrate"], {"HEXACCOUNT_STORE": "memory://"}, "memory://"),
        (["http"], {"HEXACCOUNT_STORE": "sqlite:///other.db"}, "HEXACCOUNT_JWT__KEY"),
        (["http"], {"HEXACCOUNT_JWT__KEY": "short"}, "jwt.key"),
        (["http"], {"HEXACCOUNT_STOER": "x"}, "did you mean store"),
        (["--config", "missing.toml", "http"], {}, "missing.toml"),
    ],
)
def test_an_invalid_setting_is_named_with_the_remedy(hexaccount, tmp_path, arguments, settings, named):
    refused = hexaccount(*arguments, **settings)
    assert refused.returncode == 2
    assert named in refused.stderr
    assert "Traceback" not in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_admin_registers_and_lists_users_while_the_service_runs(serving, hexaccount):
    with serving() as (_, url):
        names = (
            "--user-name",
            "grace",
            "--email",
            "grace@example.org",
            "--first-name",
            "Grace",
            "--last-name",
            "Hopper",
        )
        made = hexaccount(
            "users", "register", *names, "--role", "admin", "--password-stdin", text="compilers are fun\n"
        )
        assert made.returncode == 0, made.stderr
        grace = Account(url, "grace", "compilers are fun")
        listed = grace.get("/api/v1/users", grace.log_in()).json()["data"]
        assert [(user["id"], user["roles"]) for user in listed] == [(made.stdout.strip(), ["user", "admin"])]


@pytest.mark.parametrize("arguments", [["http"], ["keys", "list"], ["users", "list"]])
def test_a_key_file_without_a_secret_is_an_error_with_the_remedy(hexaccount, tmp_path, arguments):
    assert hexaccount("migrate").returncode == 0
    (tmp_path / "hexaccount-data" / "jwt.key").write_text("short\n")
    refused = hexaccount(*arguments)
    assert refused.returncode == 2
    assert "jwt.key cannot be used: it has 5 bytes" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_keys_on_memory_are_refused(hexaccount):
    refused = hexaccount("keys", "add", HEXACCOUNT_STORE="memory://")
    assert refused.returncode == 2
    assert "memory://" in refused.stderr
