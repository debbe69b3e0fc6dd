"""Counters in a file that processes map into their memory."""

import stat
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.conformance.suites.factory import START
from hexaccount.kernel.rate_limit import BucketState, GcraBucket, RateLimit
from hexaccount.rate_limits.ports import LimitExceeded, RateLimitStore, RateLimitStoreUnavailable
from hexaccount_memory import MemoryRateLimitStore
from hexaccount_shared_memory import NoCounters, SharedMemoryRateLimitStore

LIMIT = RateLimit(GcraBucket(5, timedelta(seconds=12)), GcraBucket(8, timedelta(minutes=3)))
WIDE = RateLimit(GcraBucket(50, timedelta(milliseconds=7)), GcraBucket(100, timedelta(seconds=2)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "limits"


def attempt(
    store: RateLimitStore, keys: Sequence[str], limit: RateLimit, now: datetime
) -> dict[str, BucketState] | tuple[str, BucketState]:
    """Return the states, or the full key and its state."""
    try:
        return store.acquire(dict.fromkeys(keys, limit), now)
    except LimitExceeded as exceeded:
        return exceeded.key, exceeded.state


KEYS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=4, unique=True)
SECONDS = st.sampled_from([-86_400.0, -30.0, -0.001, 0.0, 0.001, 1.0, 11.999, 12.0, 180.0, 3600.0])
STEPS = st.lists(st.tuples(st.sampled_from(["acquire", "refund"]), KEYS, SECONDS, st.sampled_from([LIMIT, WIDE])))


@given(steps=STEPS)
def test_every_sequence_of_steps_has_the_results_of_the_memory_store(
    steps: Sequence[tuple[str, Sequence[str], float, RateLimit]],
) -> None:
    with TemporaryDirectory() as folder:
        memory, shared = MemoryRateLimitStore(), SharedMemoryRateLimitStore(Path(folder) / "limits")
        now = START
        for step, keys, seconds, limit in steps:
            if step == "refund":
                for store in (memory, shared):
                    store.refund(dict.fromkeys(keys, limit), timedelta(seconds=seconds))
            else:
                now += timedelta(seconds=seconds)
                assert attempt(shared, keys, limit, now) == attempt(memory, keys, limit, now)


def test_counts_survive_the_process(path: Path) -> None:
    first = SharedMemoryRateLimitStore(path)
    for _ in range(5):
        first.acquire({"key": LIMIT}, START)
    del first
    with pytest.raises(LimitExceeded):
        SharedMemoryRateLimitStore(path).acquire({"key": LIMIT}, START)


def test_many_new_keys_do_not_evict_a_full_bucket_and_the_file_does_not_grow(path: Path) -> None:
    store = SharedMemoryRateLimitStore(path)
    for number in range(100):
        for _ in range(5):
            store.acquire({f"full {number}": LIMIT}, START)
    size = path.stat().st_size
    for number in range(0, 200_000, 50):
        store.acquire({f"new {number + key}": LIMIT for key in range(50)}, START)
    assert path.stat().st_size == size == 2**22 + 2**12
    for number in range(100):
        with pytest.raises(LimitExceeded):
            store.acquire({f"full {number}": LIMIT}, START)


def test_drained_keys_make_room_for_new_ones(path: Path) -> None:
    store = SharedMemoryRateLimitStore(path)
    keys = [f"key {number}" for number in range(2000)]
    for day in range(1, 41):
        for key in keys:
            assert store.acquire({f"{day} {key}": LIMIT}, START + timedelta(days=day))
    for key in keys:
        state = store.acquire({f"40 {key}": LIMIT}, START + timedelta(days=40))[f"40 {key}"]
        assert state.burst_until == START + timedelta(days=40, seconds=24)


def test_only_its_owner_may_read_the_file(path: Path) -> None:
    SharedMemoryRateLimitStore(path).check()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("left", [b"", bytes(100), bytes(2**22)])
def test_what_a_process_has_left_that_was_killed_while_it_made_the_file_is_made_anew(path: Path, left: bytes) -> None:
    path.write_bytes(left)
    store = SharedMemoryRateLimitStore(path)
    assert [bool(attempt(store, ["key"], LIMIT, START)) for _ in range(5)] == [True] * 5
    with pytest.raises(LimitExceeded):
        SharedMemoryRateLimitStore(path).acquire({"key": LIMIT}, START)


@pytest.mark.parametrize("content", [b"some notes", b"hexaccount rate limits 1\n", b"hexaccount rate limits 9\n"])
def test_a_file_of_something_else_is_refused_with_the_remedy_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(NoCounters, match=r"limits is no file of rate limits of this version; move it away"):
        SharedMemoryRateLimitStore(path).check()
    assert path.read_bytes() == content


def test_a_link_is_not_followed(path: Path) -> None:
    target = path.with_name("target")
    path.symlink_to(target)
    with pytest.raises(OSError, match="limits"):
        SharedMemoryRateLimitStore(path).check()
    assert not target.exists()


def test_a_store_whose_file_cannot_be_opened_is_unavailable_until_it_can(path: Path) -> None:
    store = SharedMemoryRateLimitStore(path / "limits")
    for use in (lambda: store.acquire({"key": LIMIT}, START), lambda: store.refund({"key": LIMIT}, timedelta())):
        with pytest.raises(RateLimitStoreUnavailable):
            use()
    path.mkdir()
    assert store.acquire({"key": LIMIT}, START)


def test_a_store_that_is_not_used_any_more_leaves_no_file_open(path: Path) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = open_files()
    for _ in range(3):
        SharedMemoryRateLimitStore(path).acquire({"key": LIMIT}, START)
    assert open_files() == before
