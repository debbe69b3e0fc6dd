"""Metrics for Prometheus, right for any number of processes that serve together."""

from hexaccount_prometheus.endpoint import endpoint
from hexaccount_prometheus.metrics import PrometheusMetrics

__all__ = ["PrometheusMetrics", "endpoint"]
