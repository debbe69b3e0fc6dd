"""Traces by OpenTelemetry, sent to a collector over OTLP.

Spans contain what happened and how long it took, but no value of a statement or message, no name, path or token.
"""

from hexaccount_otel.traces import Traces

__all__ = ["Traces"]
