"""Everything that is measured."""

from hexaccount.application.ports.metrics import Kind, Measure

CACHE_REACHABLE = Measure(
    "hexaccount_cache_reachable",
    Kind.LEAST,
    "Whether every worker reaches the cache: 1, or 0 while one of them asks the store for every session and limits "
    "guesses by itself.",
)
CACHE_OUTAGES = Measure("hexaccount_cache_outages", Kind.COUNT, "How often a worker has lost the cache.")
