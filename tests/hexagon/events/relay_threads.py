"""Relays that run in threads."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from hexaccount.events.relay import Relay
from tests.hexagon.events.recording_subscriber import RecordingSubscriber

SOON = timedelta(milliseconds=1)
NEVER = timedelta(minutes=5)
PATIENCE = 10.0


@contextmanager
def running(*relays: Relay) -> Iterator[list[threading.Thread]]:
    threads = [threading.Thread(target=relay.run) for relay in relays]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        for relay in relays:
            relay.stop()
        for thread in threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in threads)


def wait_until(reached: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE * 100)):
        if reached():
            break
        threading.Event().wait(0.01)


class BlockingSubscriber(RecordingSubscriber):
    """Reports the begin and the end of a delivery, which waits until `released` is set."""

    def __init__(self, name: str = "waiting") -> None:
        super().__init__(name)
        self.begun, self.released, self.ended = threading.Event(), threading.Event(), threading.Event()

    def deliver(self, entries) -> None:
        self.begun.set()
        assert self.released.wait(PATIENCE)
        super().deliver(entries)
        self.ended.set()
