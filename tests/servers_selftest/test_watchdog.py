"""The servers of a test run end with it, however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.watchdog import kill_tree, process_tree

ROOT = Path(__file__).parents[2]

POSTGRES = """
import psycopg
from tests.servers.postgres import PostgresServer
server = PostgresServer(Path(sys.argv[1]))
server.start()
connection = psycopg.connect(server.url)
print(server.home, *process_tree(server.pid), flush=True)
time.sleep(60)
"""

# A shell with a child in its session and one in a separate session, like a backend of PostgreSQL.
TREE = """
log = Path(sys.argv[1]) / "log"
spawned = []
def start():
    spawned.append(spawn(["sh", "-c", "sleep 60 & setsid sleep 60 & wait"], output=log, stop_signal=signal.{signal}))
thread = threading.Thread(target=start)
thread.start()
thread.join()
home = Path(sys.argv[1]) / "home"
home.mkdir()
guard_directory(home)
while len(process_tree(spawned[0].pid)) < 3: time.sleep(0.01)
{then}
print(home, *process_tree(spawned[0].pid), flush=True)
{end}
"""

IMPORTS = """
import os, signal, sys, threading, time
from pathlib import Path
from tests.servers.processes import spawn
from tests.servers.watchdog import freeze_tree, guard_directory, process_tree
"""

Run = Callable[[str], tuple[subprocess.Popen[str], Path, list[int]]]


def tree(*, then: str = "", end: str = "time.sleep(60)", signal: str = "SIGTERM") -> str:
    return TREE.format(then=then, end=end, signal=signal)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Return a function that starts another test run, and returns it with its folder and its processes."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str) -> tuple[subprocess.Popen[str], Path, list[int]]:
        process = subprocess.Popen(
            [sys.executable, "-c", IMPORTS + script, str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        started.append(process)
        assert process.stdout
        home, *pids = process.stdout.readline().split()
        return process, Path(home), [int(pid) for pid in pids]

    yield start
    for process in started:
        kill_tree(process.pid)
        process.wait()
        assert process.stdout
        process.stdout.close()


def eventually(condition: Callable[[], bool], patience: float = 8) -> bool:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def living(pids: list[int]) -> list[int]:
    return [pid for pid in pids if pid in process_tree(pid)]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(POSTGRES, id="PostgreSQL"),
        pytest.param(tree(), id="a tree"),
        pytest.param(tree(then="freeze_tree(spawned[0].pid)"), id="a paused tree"),
        pytest.param(tree(then="os.fork() or (time.sleep(20), os._exit(0))"), id="a fork that holds the pipe"),
    ],
)
def test_a_run_that_is_killed_leaves_no_process_and_no_file(run: Run, script: str) -> None:
    process, home, pids = run(script)
    assert len(living(pids)) >= 3
    assert home.is_dir()
    process.kill()
    process.wait()
    assert eventually(lambda: not living(pids))
    assert eventually(lambda: not home.exists())


def test_a_server_that_ignores_its_signal_is_killed(run: Run) -> None:
    process, home, pids = run(tree(signal="SIGWINCH"))
    process.kill()
    assert eventually(lambda: not living(pids))
    assert eventually(lambda: not home.exists())


def test_ctrl_c_and_a_hang_up_reach_only_the_run(run: Run) -> None:
    process, _, pids = run(tree(then="signal.signal(signal.SIGINT, signal.SIG_IGN)"))
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.2)
    assert living(pids) == pids


def test_a_run_that_closes_no_server_waits_until_all_have_ended(run: Run) -> None:
    process, home, pids = run(tree(end=""))
    assert process.wait(10) == 0
    assert not living(pids)
    assert not home.exists()
