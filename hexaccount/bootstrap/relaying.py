"""`hexaccount relay`: event delivery without HTTP."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from hexaccount.bootstrap.service import Service
from hexaccount.bootstrap.stop_signals import (
    STOP_SIGNALS,
    block_stop_signals,
    exit_on_next_signal,
    stop_requested,
)
from hexaccount_click.program import ConfigurationError, Unavailable


def run_relays(service: Service, *, metrics_host: str, metrics_port: int | None, echo: Callable[[str], None]) -> None:
    """Deliver events until SIGTERM or SIGINT, then finish the deliveries in progress; a second signal exits at once.

    Serves metrics on `metrics_port`, if given. Raises ConfigurationError if metrics are disabled, and Unavailable if
    the port cannot be bound. The stop signals stay blocked at the end.
    """
    block_stop_signals()
    with _metrics_endpoint(service, metrics_host, metrics_port, echo):
        if not stop_requested():
            service.subscribe()
            service.start_relays()
            service.start_retention()
            service.start_collecting(service.store.check)
            echo("delivering events to " + ", ".join(subscriber.name for subscriber in service.subscribers))
        signal.sigwait(STOP_SIGNALS)
        with exit_on_next_signal():
            echo("stopping")
            service.stop_relays()


@contextmanager
def _metrics_endpoint(service: Service, host: str, port: int | None, echo: Callable[[str], None]) -> Iterator[None]:
    if port is None:
        yield
        return
    if not service.settings.metrics.enabled:
        raise ConfigurationError(
            "set metrics.enabled to true or leave --metrics-port out, as there are no metrics to serve"
        )
    from hexaccount_prometheus import serve_metrics

    with ExitStack() as stack:
        try:
            bound_port = stack.enter_context(serve_metrics(service.container.prometheus(), host, port))
        except OSError as error:
            raise Unavailable(
                f"cannot listen on {host} port {port}: {error.strerror or error}; choose another address with "
                "--metrics-host and --metrics-port"
            ) from error
        echo(f"metrics at http://{host}:{bound_port}/metrics")
        yield
