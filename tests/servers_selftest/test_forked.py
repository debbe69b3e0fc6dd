import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import forked
from tests.servers.ports import free_port
from tests.servers.processes import console_command
from tests.servers.watchdog import process_tree
from tests.servers.zygote import IMPORTED
from tests.signing_key import SIGNING_KEY

SETTINGS = {"HEXACCOUNT_JWT__KEY": SIGNING_KEY, "HEXACCOUNT_PASSWORD__COST": "4"}
ADA = ["--user-name", "ada", "--email", "ada@example.org", "--first-name", "Ada", "--last-name", "L"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--version"], ""),
        (["migrate"], ""),
        (["users", "register", *ADA, "--password-stdin"], "short\n"),
        (["config", "show"], ""),
        (["users", "list", "--nope"], ""),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else None,
)
def test_a_forked_command_has_the_output_and_exit_code_of_a_started_one(
    arguments: list[str], text: str, tmp_path: Path
) -> None:
    env = {"PATH": os.environ["PATH"], **SETTINGS, "HEXACCOUNT_STORE": "sqlite:///accounts.db"}
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    argv = [*console_command("hexaccount"), *arguments]
    started = subprocess.run(
        argv, env=env, cwd=tmp_path / "one", input=text, capture_output=True, text=True, check=False, timeout=60
    )
    done = forked.run(arguments, env=env, cwd=tmp_path / "other", text=text)
    assert (done.returncode, done.stdout, done.stderr) == (started.returncode, started.stdout, started.stderr)
    assert done.stdout or done.stderr


def test_a_forked_command_reads_its_input_and_runs_in_its_directory(tmp_path: Path) -> None:
    env = {**SETTINGS, "HEXACCOUNT_STORE": "sqlite:///there.db"}
    assert forked.run(["migrate"], env=env, cwd=tmp_path).returncode == 0
    registered = forked.run(
        ["users", "register", *ADA, "--password-stdin"], env=env, cwd=tmp_path, text="a long word\n"
    )
    assert registered.returncode == 0, registered.stderr
    assert (tmp_path / "there.db").is_file()
    listed = json.loads(forked.run(["users", "list", "--json"], env=env, cwd=tmp_path).stdout)["data"]
    assert [user["user_name"] for user in listed] == ["ada"]


def test_a_forked_command_ends_by_signals(tmp_path: Path) -> None:
    for number, code in ((signal.SIGTERM, 0), (signal.SIGKILL, -9)):
        port = free_port()
        argv = ["http", "--port", str(port)]
        with forked.running(argv, output=tmp_path / "output", env=SETTINGS, cwd=tmp_path) as command:
            command.wait_for_ok(f"http://127.0.0.1:{port}/ready", timeout=60)
            assert command.process.poll() is None
            with pytest.raises(subprocess.TimeoutExpired):
                command.process.wait(0.01)
            command.process.send_signal(number)
            assert command.process.wait(20) == code
        assert process_tree(command.process.pid) == []


def test_a_forked_command_is_killed_after_its_timeout(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        forked.run(["http", "--port", "0"], env={**os.environ, **SETTINGS}, cwd=tmp_path, timeout=0.5)


def test_the_zygote_imports_no_module_that_reads_settings_at_its_import() -> None:
    code = f"import sys, importlib\nfor name in {IMPORTED}: importlib.import_module(name)\nprint(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "hexaccount_flask" in imported.stdout.split()
    assert not {"prometheus_client", "opentelemetry"} & set(imported.stdout.split())
