"""Traces by OpenTelemetry, sent to a collector over OTLP.

They tell what happened and how long it took: no value of a statement or a message, no name, no path, no token.
"""

from hexaccount_otel.traces import Traces

__all__ = ["Traces"]
