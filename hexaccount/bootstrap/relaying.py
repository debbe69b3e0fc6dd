"""Delivering events in a process of its own."""

import signal
from collections.abc import Callable

from hexaccount.bootstrap.service import Service
from hexaccount.bootstrap.stop_signals import (
    STOP_SIGNALS,
    ended_by_the_next_signal,
    is_told_to_stop,
    stop_signals_held,
)


def run_relays(service: Service, *, echo: Callable[[str], None]) -> None:
    """Deliver events until SIGTERM or SIGINT, and finish what is in hand; a second one ends the process at once."""
    with stop_signals_held():
        if not is_told_to_stop():
            service.enrol()
            service.start_relays()
            service.start_purging()
            echo("delivering events to " + ", ".join(subscriber.name for subscriber in service.subscribers))
        signal.sigwait(STOP_SIGNALS)
        with ended_by_the_next_signal():
            echo("stopping")
            service.stop_relays()
