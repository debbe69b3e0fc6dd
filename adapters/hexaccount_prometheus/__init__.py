"""Metrics for Prometheus, aggregated over the processes of a service."""

from hexaccount_prometheus.metrics import PrometheusMetrics
from hexaccount_prometheus.server import serve_metrics

__all__ = ["PrometheusMetrics", "serve_metrics"]
