from hexaccount.kernel.metrics import MetricDefinition, MetricKind

CACHE_REACHABLE = MetricDefinition(
    "hexaccount_cache_reachable",
    MetricKind.LEAST,
    "Whether every worker reaches the cache: 1, or 0 while one of them asks the store for every session and limits "
    "guesses by itself.",
)


CACHE_OUTAGES = MetricDefinition("hexaccount_cache_outages", MetricKind.COUNT, "How often a worker has lost the cache.")
