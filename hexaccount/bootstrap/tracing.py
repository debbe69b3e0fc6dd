"""Traces, where the settings name a collector; elsewhere nothing of them is imported."""

from typing import TYPE_CHECKING

from hexaccount.bootstrap.settings import Settings

if TYPE_CHECKING:
    from hexaccount_otel import Traces

# Which driver's work is a part of a trace, by the scheme of the store.
_SQLALCHEMY = {"sqlite", "postgresql"}
_PYMONGO = {"mongodb"}


def open_traces(settings: Settings) -> "Traces | None":
    """Return the traces of this process, or None where nobody takes any; to be called before the store is opened."""
    if settings.tracing.endpoint is None:
        return None
    from hexaccount_otel import Traces  # noqa: PLC0415 - only who uses it imports it

    traces = Traces(settings.tracing.endpoint, ratio=settings.tracing.ratio)
    if settings.store_kind in _SQLALCHEMY:
        traces.watch_sqlalchemy()
    elif settings.store_kind in _PYMONGO:
        traces.watch_pymongo()
    return traces


def preload_for_tracing(settings: Settings) -> tuple[str, ...]:
    """Return what traces import."""
    return () if settings.tracing.endpoint is None else ("hexaccount_otel",)
