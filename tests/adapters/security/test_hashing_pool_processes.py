"""Each script runs in its own interpreter: a fork of the one that runs the tests would copy held locks."""

import subprocess
import sys
from pathlib import Path

PRELUDE = """
import os, signal, sys, threading, time
from pathlib import Path
from hexaccount_security import HashingPool

folder = Path(sys.argv[1])
shared = folder / "slots"
shared.mkdir()
log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

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

def succeeded(pid):
    return os.waitpid(pid, 0)[1] == 0

def eventually(condition):
    limit = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit, "timed out"
        time.sleep(0.002)

def logged():
    return (folder / "log").read_text()
"""


def run(script: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + script, str(folder)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_two_processes_together_run_no_more_calls_than_there_are_slots(tmp_path: Path) -> None:
    run(
        """
pool = HashingPool(2, 32, shared)

def work():
    os.write(log, b"+")
    time.sleep(0.003)
    os.write(log, b"-")

def serve():
    threads = [threading.Thread(target=lambda: [pool.run(work) for _ in range(10)]) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    pool.close()

assert all([succeeded(pid) for pid in [child(serve), child(serve)]])
running = most = 0
for entry in logged():
    running += 1 if entry == "+" else -1
    most = max(most, running)
assert (logged().count("+"), running, most) == (160, 0, 2), (logged(), running, most)
""",
        tmp_path,
    )


def test_the_slot_of_a_killed_process_is_released(tmp_path: Path) -> None:
    run(
        """
pool = HashingPool(1, 1, shared)
def hold():
    os.write(log, b"+")
    time.sleep(60)
victim = child(lambda: pool.run(hold))
eventually(lambda: logged() == "+")

answers = []
caller = threading.Thread(target=lambda: answers.append(pool.run(lambda: "mine")))
caller.start()
eventually(lambda: pool.waiting == 1)
caller.join(0.3)
assert (answers, pool.running, pool.waiting) == ([], 0, 1)

os.kill(victim, signal.SIGKILL)
caller.join(10)
assert answers == ["mine"]
""",
        tmp_path,
    )


def test_a_process_uses_any_free_slot(tmp_path: Path) -> None:
    run(
        """
pool = HashingPool(2, 0, shared)
def hold():
    os.write(log, b"+")
    time.sleep(60)
victim = child(lambda: pool.run(hold))
eventually(lambda: logged() == "+")
assert [pool.run(lambda: "at once") for _ in range(20)] == ["at once"] * 20
os.kill(victim, signal.SIGKILL)
""",
        tmp_path,
    )


def test_a_pool_created_before_a_fork_works_in_both_processes(tmp_path: Path) -> None:
    run(
        """
pool = HashingPool(2, 2, shared)
def use():
    assert [pool.run(os.getpid) for _ in range(5)] == [os.getpid()] * 5
assert succeeded(child(use))
use()
""",
        tmp_path,
    )


def test_a_pool_that_is_full_during_a_fork_is_empty_in_the_child(tmp_path: Path) -> None:
    run(
        """
pool = HashingPool(1, 1, shared)
gate = threading.Event()
callers = [threading.Thread(target=pool.run, args=(gate.wait,)) for _ in range(2)]
for caller in callers: caller.start()
eventually(lambda: (pool.running, pool.waiting) == (1, 1))
def use():
    assert (pool.running, pool.waiting) == (0, 0)
    os.write(log, b"?")
    assert pool.run(os.getpid) == os.getpid()
    os.write(log, b"!")
pid = child(use)
eventually(lambda: logged() == "?")
time.sleep(0.2)
assert logged() == "?", "the child ran while its parent held the only slot"
gate.set()
assert succeeded(pid)
for caller in callers: caller.join()
""",
        tmp_path,
    )


def test_the_child_of_a_dead_parent_holds_none_of_its_slots(tmp_path: Path) -> None:
    run(
        """
pool = HashingPool(1, 1, shared)
def parent():
    holder = threading.Thread(target=pool.run, args=(lambda: time.sleep(60),), daemon=True)
    holder.start()
    eventually(lambda: pool.running == 1)
    pid = child(lambda: time.sleep(20))
    os.write(log, b"%d " % pid)
    os._exit(0)
assert succeeded(child(parent))
answers = []
caller = threading.Thread(target=lambda: answers.append(pool.run(lambda: "mine")))
caller.start()
caller.join(5)
os.kill(int(logged()), signal.SIGKILL)
assert answers == ["mine"]
""",
        tmp_path,
    )


def test_an_interpreter_exits_without_waiting_for_a_running_call(tmp_path: Path) -> None:
    run(
        """
pool = HashingPool(1, 1, shared)
threading.Thread(target=pool.run, args=(lambda: time.sleep(60),), daemon=True).start()
eventually(lambda: pool.running == 1)
""",
        tmp_path,
    )
