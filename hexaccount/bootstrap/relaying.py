"""Delivering events in a process of its own."""

import signal
import threading
from collections.abc import Callable

from hexaccount.bootstrap.service import Service


def run_relays(service: Service, *, echo: Callable[[str], None]) -> None:
    """Deliver events until SIGTERM or SIGINT, and finish what is in hand."""
    stopping = threading.Event()
    for stop_signal in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop_signal, lambda *_: stopping.set())
    service.enrol()
    service.start_relays()
    service.start_purging()
    echo("delivering events to " + ", ".join(subscriber.name for subscriber in service.subscribers))
    stopping.wait()
    echo("stopping")
