"""The end of a test run, whatever its kind, is the end of its servers."""

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

# A shell with a child in its session and one, like a backend of PostgreSQL, in a session of its own.
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
    """Start another test run, of a kind, and give it with the folder and the processes that it has made."""
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


def test_what_is_deaf_to_its_signal_is_killed(run: Run) -> None:
    process, home, pids = run(tree(signal="SIGWINCH"))
    process.kill()
    assert eventually(lambda: not living(pids))
    assert eventually(lambda: not home.exists())


def test_ctrl_c_and_the_end_of_a_terminal_reach_the_run_alone(run: Run) -> None:
    process, _, pids = run(tree(then="signal.signal(signal.SIGINT, signal.SIG_IGN)"))
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.2)
    assert living(pids) == pids


def test_a_run_that_forgets_to_close_waits_until_all_is_gone(run: Run) -> None:
    process, home, pids = run(tree(end=""))
    assert process.wait(10) == 0
    assert not living(pids)
    assert not home.exists()
