"""Opens tracing if the settings name a collector; otherwise nothing of OpenTelemetry is imported."""

from typing import TYPE_CHECKING

from hexaccount.bootstrap.settings import Settings

if TYPE_CHECKING:
    from hexaccount_otel import Traces

# Schemes of the stores whose driver can be instrumented.
_SQLALCHEMY = {"sqlite", "postgresql"}
_PYMONGO = {"mongodb"}


def open_traces(settings: Settings) -> "Traces | None":
    """Return the traces of this process, or None without a collector; call it before the store is opened."""
    if settings.tracing.endpoint is None:
        return None
    from hexaccount_otel import Traces

    traces = Traces(settings.tracing.endpoint, ratio=settings.tracing.ratio)
    if settings.store_kind in _SQLALCHEMY:
        traces.instrument_sqlalchemy()
    elif settings.store_kind in _PYMONGO:
        traces.instrument_pymongo()
    return traces


def preload_for_tracing(settings: Settings) -> tuple[str, ...]:
    """Return the modules that workers import for traces."""
    return () if settings.tracing.endpoint is None else ("hexaccount_otel",)
