"""Observability: what the service measures of itself, whether it is ready, and what is wrong with it."""

from hexaccount.kernel.capability import Capability
from hexaccount.kernel.metrics import metric_definitions
from hexaccount.observability import account_hashes, metrics
from hexaccount.store_kit import metrics as store_metrics

capability = Capability(
    name="observability",
    handlers={account_hashes.GetAccountHash: account_hashes.get_account_hash},
    metrics=(*metric_definitions(metrics), *metric_definitions(store_metrics)),
)
