import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hexaccount_security.slots import SharedSlots, Slot


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[SharedSlots]:
    slots = SharedSlots(tmp_path, 3)
    yield slots
    slots.close()


@pytest.fixture
def theirs(ours: SharedSlots, tmp_path: Path) -> Iterator[SharedSlots]:
    slots = SharedSlots(tmp_path, 3)
    yield slots
    slots.close()


def test_whichever_slot_is_free_is_taken(ours: SharedSlots, theirs: SharedSlots) -> None:
    kept = [theirs.take_free(), theirs.take_free()]
    last = ours.take_free()
    assert None not in (*kept, last)
    assert ours.take_free() is None
    assert theirs.take_free() is None


def test_a_slot_given_back_is_free_for_others(ours: SharedSlots, theirs: SharedSlots) -> None:
    slots = [slot for slot in (ours.take_free() for _ in range(3)) if slot is not None]
    assert theirs.take_free() is None
    ours.refund(slots[1])
    assert theirs.take_free() is not None
    assert ours.take_free() is None


def test_who_waits_gets_the_slot_when_its_holder_gives_it_back(ours: SharedSlots, theirs: SharedSlots) -> None:
    slots = [slot for slot in (theirs.take_free() for _ in range(3)) if slot is not None]
    got: list[Slot] = []
    waiters = [threading.Thread(target=lambda: got.append(ours.wait_for_one())) for _ in range(3)]
    for waiter in waiters:
        waiter.start()
    waiters[0].join(0.05)
    assert not got
    for slot in slots:
        theirs.refund(slot)
    for waiter in waiters:
        waiter.join(10)
    assert len(set(got)) == 3, "no two threads of a process hold the same file"


def test_who_gives_a_slot_back_does_not_get_it_again_while_another_waits(tmp_path: Path) -> None:
    ours, theirs = SharedSlots(tmp_path, 1), SharedSlots(tmp_path, 1)
    for _ in range(200):
        slot = ours.take_free()
        assert slot
        got: list[Slot] = []
        waiter = threading.Thread(target=lambda got=got: got.append(theirs.wait_for_one()))
        waiter.start()
        while promised(slot) is False:
            time.sleep(0.0001)
        ours.refund(slot)
        assert ours.take_free() is None
        waiter.join(10)
        theirs.refund(got[0])
    ours.close()
    theirs.close()


def promised(slot: Slot) -> bool:
    """Return whether another process than the one of `slot` waits for it."""
    try:
        fcntl.flock(slot.next, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(slot.next, fcntl.LOCK_UN)
    return False


def test_closing_frees_what_is_held(ours: SharedSlots, theirs: SharedSlots) -> None:
    held = [ours.take_free() for _ in range(3)]
    assert None not in held
    ours.close()
    assert theirs.take_free() is not None


def test_a_program_that_is_started_inherits_no_slot(ours: SharedSlots) -> None:
    slot = ours.take_free()
    assert slot is not None
    for file in (slot.next, slot.held):
        assert fcntl.fcntl(file, fcntl.F_GETFD) & fcntl.FD_CLOEXEC


def test_files_that_were_opened_before_a_failure_are_closed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
