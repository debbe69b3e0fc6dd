"""A service whose output cannot be written serves, and stops in order."""

import os
from pathlib import Path

import pytest

from tests.servers import forked
from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand

pytestmark = pytest.mark.long


def pipe_without_reader() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def full_disk() -> int:
    return os.open("/dev/full", os.O_WRONLY)


@pytest.mark.parametrize(
    ("command", "unwritable"),
    [
        ("http", pipe_without_reader),
        ("realtime", full_disk),
        ("relay", pipe_without_reader),
        pytest.param("http", full_disk, marks=pytest.mark.slow),
        pytest.param("realtime", pipe_without_reader, marks=pytest.mark.slow),
        pytest.param("relay", full_disk, marks=pytest.mark.slow),
    ],
)
def test_it_serves_and_stops_in_order(command: str, unwritable, tmp_path: Path, environment: dict[str, str]) -> None:
    port, unwritten = str(free_port()), unwritable()
    settings = {**os.environ, **environment, "HEXACCOUNT_LOG__LEVEL": "info"}
    assert forked.run(["migrate"], env=settings, cwd=tmp_path).returncode == 0
    option = "--metrics-port" if command == "relay" else "--port"

    def start(arguments, *, output: Path, env, cwd: Path):
        with Path(os.devnull).open() as given, output.open("ab") as log:
            files = {"given": given.fileno(), "output": unwritten, "errors": log.fileno()}
            return forked.fork(arguments, env=env, cwd=cwd, **files)

    with RunningCommand(
        [command, option, port], output=tmp_path / "errors", env=settings, cwd=tmp_path, start=start
    ) as running:
        running.wait_for_ok(f"http://127.0.0.1:{port}/metrics", timeout=60)
        assert running.terminate() == 0
        assert "Traceback" not in running.output
    os.close(unwritten)
