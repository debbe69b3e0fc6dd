from hexaccount.kernel.metrics import WAIT_SECONDS, MetricDefinition, MetricKind

STORE_CONNECTIONS = MetricDefinition(
    "hexaccount_store_connections", MetricKind.SUM, "Connections to the store that are open, used or not."
)


STORE_CONNECTIONS_IN_USE = MetricDefinition(
    "hexaccount_store_connections_in_use", MetricKind.SUM, "Connections to the store that are in use."
)


STORE_CONNECTIONS_LIMIT = MetricDefinition(
    "hexaccount_store_connections_limit", MetricKind.SUM, "How many connections to the store may be used at once."
)


STORE_CONNECTION_WAITS = MetricDefinition(
    "hexaccount_store_connection_wait_seconds",
    MetricKind.DISTRIBUTION,
    "Seconds that a thread waited for a connection to the store while all were in use, whether it got one or not.",
    buckets=WAIT_SECONDS,
)
