"""The extension in C: what it refuses, and what it leaves behind."""

import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from hexaccount_security import _interleaved_bcrypt

SALT = b"0123456789abcdef"
LANE = (4, SALT, b"correct horse")
THREADS = 8


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((4,), TypeError, "exactly 2 arguments"),
        (("4", (LANE,)), TypeError, "integer"),
        ((4.0, (LANE,)), TypeError, "integer"),
        ((None, (LANE,)), TypeError, "integer"),
        ((4, [LANE]), TypeError, "must be tuple, not list"),
        ((4, None), TypeError, "must be tuple"),
        ((4, (LANE[0], LANE[1], LANE[2])), TypeError, "each lane must be a tuple"),
        ((4, (list(LANE),)), TypeError, "each lane must be a tuple"),
        ((4, (LANE[:2],)), TypeError, "each lane must be a tuple"),
        ((4, ((*LANE, b""),)), TypeError, "each lane must be a tuple"),
        ((4, ((4, "0123456789abcdef", b""),)), TypeError, "salt (bytes) and password (bytes)"),
        ((4, ((4, SALT, "text"),)), TypeError, "salt (bytes) and password (bytes)"),
        ((4, ((4, SALT, bytearray(b"mutable")),)), TypeError, "salt (bytes) and password (bytes)"),
        ((4, (("4", SALT, b""),)), TypeError, "integer"),
        ((4, ((2**40, SALT, b""),)), OverflowError, "integer"),
        ((4, ((4, memoryview(SALT), b""),)), TypeError, "salt (bytes) and password (bytes)"),
        ((3, (LANE,)), ValueError, "work must be from 4 to 31, not 3"),
        ((32, (LANE,)), ValueError, "work must be from 4 to 31, not 32"),
        ((-1, (LANE,)), ValueError, "work must be from 4 to 31, not -1"),
        ((2**40, (LANE,)), OverflowError, "integer"),
        ((4, ()), ValueError, "1 to 4 lanes, not 0"),
        ((4, (LANE,) * 5), ValueError, "1 to 4 lanes, not 5"),
        ((4, ((3, SALT, b""),)), ValueError, "the cost must be from 4 to the work of 4, not 3"),
        ((4, ((5, SALT, b""),)), ValueError, "the cost must be from 4 to the work of 4, not 5"),
        ((4, (LANE, (4, SALT[:-1], b""))), ValueError, "a salt must have 16 bytes, not 15"),
        ((4, (LANE, (4, SALT + b"0", b""))), ValueError, "a salt must have 16 bytes, not 17"),
        ((4, (LANE, LANE, LANE, (4, SALT, b"x" * 73))), ValueError, "a password must have at most 72 bytes, not 73"),
    ],
)
def test_what_it_cannot_hash_is_refused_with_the_reason(
    arguments: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        _interleaved_bcrypt.hash_lanes(*arguments)


def test_it_keeps_no_reference_to_what_it_was_given() -> None:
    salt, password = bytes(16), b"a password of this test"
    before = sys.getrefcount(salt), sys.getrefcount(password)
    for _ in range(50):
        _interleaved_bcrypt.hash_lanes(4, ((4, salt, password),))
        with pytest.raises(ValueError, match="at most 72 bytes"):
            _interleaved_bcrypt.hash_lanes(4, ((4, salt, password), (4, salt, password * 4)))
    assert (sys.getrefcount(salt), sys.getrefcount(password)) == before


def test_threads_get_their_own_digests_and_others_run_meanwhile() -> None:
    lanes = [tuple((4, SALT, b"%d-%d" % (thread, lane)) for lane in range(4)) for thread in range(THREADS)]
    expected = [_interleaved_bcrypt.hash_lanes(4, each) for each in lanes]
    found: list[list[bytes]] = [[] for _ in lanes]

    def hash_often(number: int) -> None:
        for _ in range(20):
            found[number] = _interleaved_bcrypt.hash_lanes(4, lanes[number])

    threads = [threading.Thread(target=hash_often, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def test_the_interpreter_runs_other_threads_while_it_hashes() -> None:
    done: list[float] = []

    def hash_once() -> None:
        _interleaved_bcrypt.hash_lanes(11, ((11, SALT, b""),))
        done.append(time.monotonic())

    thread = threading.Thread(target=hash_once)
    thread.start()
    steps = 0
    while not done:
        steps += 1
        time.sleep(0)
    thread.join()
    assert steps > 10


HASHING = """
import sys
from hexaccount_security import _interleaved_bcrypt

def secret():
    return bytes(number * 7 % 251 + 1 for number in range(72))

for refused in (b"x" * 73, None):
    lanes = [(4, bytes(16), secret())] * 3
    lanes.append((4, bytes(16), refused or secret()))
    try:
        _interleaved_bcrypt.hash_lanes(4, tuple(lanes))
    except ValueError:
        pass
print("hashed", flush=True)
sys.stdin.read()
"""


def test_no_password_stays_in_memory() -> None:
    """The extension reads a password as words, whose bytes are in another order in memory than those of the caller."""
    password = bytes(number * 7 % 251 + 1 for number in range(72))
    key = b"".join(password[at : at + 4][::-1] for at in range(0, 72, 4))
    with subprocess.Popen(
        [sys.executable, "-c", HASHING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "hashed\n"
        memory = memory_of(process.pid)
        process.communicate("")
    assert any(password[:16] in each for each in memory), "the memory of the process was not read"
    assert sys.byteorder == "little"
    assert not any(key[:16] in each or key[-16:] in each for each in memory)


def memory_of(pid: int) -> list[bytes]:
    found = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
            addresses, access = line.split()[:2]
            first, last = (int(address, 16) for address in addresses.split("-"))
            if access.startswith("rw"):
                memory.seek(first)
                found.append(memory.read(last - first))
    return found
