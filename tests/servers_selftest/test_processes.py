import socket
import sys
from pathlib import Path

import pytest

from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand, ServerNotReady, ServerNotStopped, answers_ok, console_command
from tests.servers.unprivileged import Identity, reachable_directory
from tests.servers.watchdog import process_tree

HTTP = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1"]
ANOTHER_USER = Identity(54321, 54321)


def test_a_command_is_awaited_read_and_terminated(tmp_path: Path) -> None:
    port = free_port()
    with RunningCommand([*HTTP, str(port)], output=tmp_path / "log", cwd=tmp_path) as command:
        command.wait_for_ok(f"http://127.0.0.1:{port}/")
        assert not answers_ok(f"http://127.0.0.1:{port}/missing")
        assert '"GET / HTTP/1.1" 200' in command.output
        assert command.terminate() == -15
    assert not answers_ok(f"http://127.0.0.1:{port}/")


def test_a_command_that_ends_at_once_is_reported_with_its_output(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "import os, sys; sys.exit(os.environ['REASON'])"]
    command = RunningCommand(argv, output=tmp_path / "log", env={"REASON": "no schema"})
    with command, pytest.raises(ServerNotReady, match=r"ended with 1(.|\n)*no schema"):
        command.wait_for_ok(f"http://127.0.0.1:{free_port()}/")


def test_waiting_for_a_command_that_never_answers_times_out(tmp_path: Path) -> None:
    command = RunningCommand(["sleep", "60"], output=tmp_path / "log")
    with command, pytest.raises(ServerNotReady, match=r"no 200 in 0\.2 s"):
        command.wait_for_ok(f"http://127.0.0.1:{free_port()}/", timeout=0.2)


def test_a_command_that_ignores_sigterm_is_killed_and_reported(tmp_path: Path) -> None:
    argv = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"]
    command = RunningCommand(argv, output=tmp_path / "log")
    while "deaf" not in command.output:
        pass
    with pytest.raises(ServerNotStopped, match=r"still ran 0\.1 s(.|\n)*deaf"):
        command.terminate(timeout=0.1)
    assert command.process.returncode == -9


def test_children_of_a_command_end_with_it(tmp_path: Path) -> None:
    with RunningCommand(["sh", "-c", "sleep 60 & echo started"], output=tmp_path / "log") as command:
        command.process.wait()
        assert len(process_tree(command.process.pid)) == 1
    assert process_tree(command.process.pid) == []


def test_a_console_command_is_the_one_that_setup_cfg_declares() -> None:
    assert console_command("hexaccount")[0].startswith(str(Path(sys.executable).parent))
    with pytest.raises(LookupError, match="no console script 'other'"):
        console_command("other")


def test_a_free_port_is_free_given_once_and_below_the_outgoing_ones() -> None:
    ports = [free_port() for _ in range(200)]
    lowest_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert len(set(ports)) == 200
    assert max(ports) < max(lowest_outgoing, 60_000 if lowest_outgoing <= 16_000 else 0)
    with socket.create_server(("127.0.0.1", ports[0])):
        pass


def test_files_below_a_private_folder_are_unreadable_for_other_users(tmp_path: Path) -> None:
    inner = tmp_path / "home" / "venv"
    inner.mkdir(parents=True)
    program = inner / "program"
    program.touch(mode=0o755)
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o001:
            break
    else:
        folder = tmp_path / "home"
        assert ANOTHER_USER.can_read(program)
        folder.chmod(0o700)
    assert not ANOTHER_USER.can_read(program)
    assert not ANOTHER_USER.can_enter(inner)
    assert reachable_directory(ANOTHER_USER, [inner]) not in (inner, *inner.parents[:2])
    assert reachable_directory(None, [inner]) == inner
