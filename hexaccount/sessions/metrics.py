from hexaccount.kernel.metrics import MetricDefinition, MetricKind

CACHE_REACHABLE = MetricDefinition(
    "hexaccount_cache_reachable",
    MetricKind.MIN,
    "1 if every worker reaches the cache; 0 while one of them reads every session from the store and counts attempts "
    "by itself.",
)


CACHE_OUTAGES = MetricDefinition("hexaccount_cache_outages", MetricKind.COUNT, "How often a worker has lost the cache.")
