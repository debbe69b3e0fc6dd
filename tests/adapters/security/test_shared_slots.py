import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hexaccount_security.shared_slots import SharedSlots, Slot


@pytest.fixture
def first(tmp_path: Path) -> Iterator[SharedSlots]:
    slots = SharedSlots(tmp_path, 3)
    yield slots
    slots.close()


@pytest.fixture
def second(first: SharedSlots, tmp_path: Path) -> Iterator[SharedSlots]:
    slots = SharedSlots(tmp_path, 3)
    yield slots
    slots.close()


def test_any_free_slot_is_acquired(first: SharedSlots, second: SharedSlots) -> None:
    held = [second.try_acquire(), second.try_acquire()]
    last = first.try_acquire()
    assert None not in (*held, last)
    assert first.try_acquire() is None
    assert second.try_acquire() is None


def test_a_released_slot_is_free_for_others(first: SharedSlots, second: SharedSlots) -> None:
    slots = [slot for slot in (first.try_acquire() for _ in range(3)) if slot is not None]
    assert second.try_acquire() is None
    first.release(slots[1])
    assert second.try_acquire() is not None
    assert first.try_acquire() is None


def test_a_waiting_thread_gets_the_slot_that_is_released(first: SharedSlots, second: SharedSlots) -> None:
    slots = [slot for slot in (second.try_acquire() for _ in range(3)) if slot is not None]
    got: list[Slot] = []
    waiters = [threading.Thread(target=lambda: got.append(first.acquire())) for _ in range(3)]
    for waiter in waiters:
        waiter.start()
    waiters[0].join(0.05)
    assert not got
    for slot in slots:
        second.release(slot)
    for waiter in waiters:
        waiter.join(10)
    assert len(set(got)) == 3, "no two threads of a process hold the same file"


def test_a_released_slot_goes_to_a_waiting_process_first(tmp_path: Path) -> None:
    first, second = SharedSlots(tmp_path, 1), SharedSlots(tmp_path, 1)
    for _ in range(200):
        slot = first.try_acquire()
        assert slot
        got: list[Slot] = []
        waiter = threading.Thread(target=lambda got=got: got.append(second.acquire()))
        waiter.start()
        while reserved(slot) is False:
            time.sleep(0.0001)
        first.release(slot)
        assert first.try_acquire() is None
        waiter.join(10)
        second.release(got[0])
    first.close()
    second.close()


def reserved(slot: Slot) -> bool:
    """Return whether another process waits for a slot."""
    try:
        fcntl.flock(slot.next, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(slot.next, fcntl.LOCK_UN)
    return False


def test_closing_releases_all_slots(first: SharedSlots, second: SharedSlots) -> None:
    held = [first.try_acquire() for _ in range(3)]
    assert None not in held
    first.close()
    assert second.try_acquire() is not None


def test_a_subprocess_inherits_no_slot(first: SharedSlots) -> None:
    slot = first.try_acquire()
    assert slot is not None
    for file in (slot.next, slot.held):
        assert fcntl.fcntl(file, fcntl.F_GETFD) & fcntl.FD_CLOEXEC


def test_files_opened_before_a_failure_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slot-2").mkdir()
    closed: list[int] = []
    really_close = os.close

    def close(file: int) -> None:
        closed.append(file)
        really_close(file)

    monkeypatch.setattr(os, "close", close)
    with pytest.raises(IsADirectoryError):
        SharedSlots(tmp_path, 3)
    assert len(closed) == 5
