"""Delivering events in a process of its own."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from hexaccount.bootstrap.service import Service
from hexaccount.bootstrap.stop_signals import (
    STOP_SIGNALS,
    ended_by_the_next_signal,
    is_told_to_stop,
    stop_signals_held,
)
from hexaccount_click.program import ConfigurationError, Unavailable


def run_relays(service: Service, *, metrics_host: str, metrics_port: int | None, echo: Callable[[str], None]) -> None:
    """Deliver events until SIGTERM or SIGINT, and finish what is in hand; a second one ends the process at once.

    Meanwhile figures are told on `metrics_port`, if there is one; raises Unavailable where it cannot be had.
    """
    with stop_signals_held(), _figures_told(service, metrics_host, metrics_port, echo):
        if not is_told_to_stop():
            service.subscribe()
            service.start_relays()
            service.start_purging()
            service.start_looking(service.store.check)
            echo("delivering events to " + ", ".join(subscriber.name for subscriber in service.subscribers))
        signal.sigwait(STOP_SIGNALS)
        with ended_by_the_next_signal():
            echo("stopping")
            service.stop_relays()


@contextmanager
def _figures_told(service: Service, host: str, port: int | None, echo: Callable[[str], None]) -> Iterator[None]:
    if port is None:
        yield
        return
    if not service.settings.metrics.enabled:
        raise ConfigurationError(
            "metrics.enabled is false, so there is nothing to tell on --metrics-port; leave it out"
        )
    from hexaccount_prometheus import endpoint  # noqa: PLC0415 - only who tells figures needs it

    with ExitStack() as telling:
        try:
            bound_port = telling.enter_context(endpoint(service.container.prometheus(), host, port))
        except OSError as error:
            raise Unavailable(
                f"cannot listen on {host} port {port}: {error.strerror or error}; choose another address with "
                "--metrics-host and --metrics-port"
            ) from error
        echo(f"figures at http://{host}:{bound_port}/metrics")
        yield
