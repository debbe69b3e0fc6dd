"""Each script runs in its own interpreter: a fork of the one that runs the tests would copy held locks."""

import subprocess
import sys
from pathlib import Path

PRELUDE = """
import os, random, signal, sys, threading, time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from hexaccount.conformance.suites.factory import START
from hexaccount.kernel.rate_limit import GcraBucket, RateLimit
from hexaccount.rate_limits.ports import LimitExceeded
from hexaccount_shared_memory import SharedMemoryRateLimitStore

folder = Path(sys.argv[1])
path = folder / "limits"
LIMIT = RateLimit(GcraBucket(5, timedelta(seconds=12)), GcraBucket(8, timedelta(minutes=3)))

def child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return pid
"""


def run(script: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + script, str(folder)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def test_threads_of_several_processes_are_admitted_up_to_the_capacity(tmp_path: Path) -> None:
    """Each of four processes has three threads, and all of them try 200 keys in one order."""
    run(
        """
log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def serve():
    store = SharedMemoryRateLimitStore(path)
    def guess():
        for number in range(200):
            for keys in ((f"{number}", "shared"), (f"{number}",), (f"{number}", f"{number} more")):
                wide = RateLimit(GcraBucket(10**6, timedelta(seconds=1)), GcraBucket(10**6, timedelta(seconds=1)))
                try:
                    store.acquire({key: wide if key == "shared" else LIMIT for key in keys}, START)
                except LimitExceeded:
                    continue
                os.write(log, f"{number}\\n".encode())
    threads = [threading.Thread(target=guess) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

children = [child(serve) for _ in range(4)]
assert all(os.waitpid(pid, 0)[1] == 0 for pid in children)
admitted = Counter((folder / "log").read_text().split())
assert admitted == {f"{number}": 5 for number in range(200)}, admitted
""",
        tmp_path,
    )


def test_a_process_that_is_killed_holds_up_no_other_and_loses_no_count_but_that_of_its_attempt(tmp_path: Path) -> None:
    """A process logs each attempt after it was admitted, and is killed at a random moment, forty times."""
    run(
        """
SECOND = timedelta(seconds=1)
WIDE = RateLimit(GcraBucket(10**9, SECOND), GcraBucket(10**9, SECOND))
log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
chance = random.Random(7)
full = SharedMemoryRateLimitStore(path)
for _ in range(5):
    full.acquire({"full": LIMIT}, START)
del full

def serve():
    store = SharedMemoryRateLimitStore(path)
    number = 0
    while True:
        number += 1
        store.acquire({"one": WIDE, f"new {os.getpid()} {number}": LIMIT, "other": WIDE}, START)
        os.write(log, b"+")

KILLS = 40
for _ in range(KILLS // 2):
    pair = [child(serve), child(serve)]
    seen = os.fstat(log).st_size
    while os.fstat(log).st_size < seen + 20:
        time.sleep(0.001)
    time.sleep(chance.random() / 50)
    for pid in pair:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

store = SharedMemoryRateLimitStore(path)
admitted = os.fstat(log).st_size
for key in ("one", "other"):
    state = store.acquire({key: WIDE}, START)[key]
    for until in (state.burst_until, state.sustained_until):
        counted = (until - START) // SECOND - 1
        assert admitted <= counted <= admitted + KILLS, (key, admitted, counted)
try:
    store.acquire({"full": LIMIT}, START)
except LimitExceeded:
    pass
else:
    raise AssertionError("a full key was lost")
""",
        tmp_path,
    )


def test_a_process_that_dies_with_the_lock_releases_it(tmp_path: Path) -> None:
    run(
        """
def die():
    store = SharedMemoryRateLimitStore(path)
    store.acquire({"key": LIMIT}, START)
    with store._table.lock:
        os.kill(os.getpid(), signal.SIGKILL)

os.waitpid(child(die), 0)
state = SharedMemoryRateLimitStore(path).acquire({"key": LIMIT}, START)["key"]
assert state.burst_until == START + timedelta(seconds=24)
""",
        tmp_path,
    )


def test_of_processes_that_start_at_once_all_count_in_one_file(tmp_path: Path) -> None:
    run(
        """
read, write = os.pipe()

def serve():
    os.close(write)
    os.read(read, 1)  # until all have begun
    SharedMemoryRateLimitStore(path).acquire({"key": LIMIT}, START)

children = [child(serve) for _ in range(5)]
os.close(write)
assert all(os.waitpid(pid, 0)[1] == 0 for pid in children)
try:
    SharedMemoryRateLimitStore(path).acquire({"key": LIMIT}, START)
except LimitExceeded:
    pass
else:
    raise AssertionError("an attempt was lost")
""",
        tmp_path,
    )
