import threading
import time

from hexaccount.kernel.commit_signal import CommitSignal


def test_a_signal_wakes_all_waiting_threads() -> None:
    signal = CommitSignal()
    seen = signal.count
    threads = [threading.Thread(target=signal.wait, args=(seen, 30)) for _ in range(4)]
    for thread in threads:
        thread.start()
    signal.give()
    for thread in threads:
        thread.join(timeout=5)
    assert not any(thread.is_alive() for thread in threads)


def test_a_signal_between_reading_the_count_and_waiting_is_not_missed() -> None:
    signal = CommitSignal()
    seen = signal.count
    signal.give()
    began = time.monotonic()
    signal.wait(seen, timeout=30)
    assert time.monotonic() - began < 5


def test_waiting_ends_at_its_timeout_without_a_signal() -> None:
    signal = CommitSignal()
    began = time.monotonic()
    signal.wait(signal.count, timeout=0.02)
    assert time.monotonic() - began >= 0.02


def test_a_waiting_thread_misses_no_signal_of_several_threads() -> None:
    signal = CommitSignal()
    barrier = threading.Barrier(5)

    def give() -> None:
        barrier.wait(timeout=5)
        for _ in range(500):
            signal.give()

    threads = [threading.Thread(target=give) for _ in range(4)]
    for thread in threads:
        thread.start()
    barrier.wait(timeout=5)
    seen = 0
    began = time.monotonic()
    while seen < 2000:
        signal.wait(seen, timeout=30)
        assert signal.count > seen
        seen = signal.count
    assert time.monotonic() - began < 20
    for thread in threads:
        thread.join()
