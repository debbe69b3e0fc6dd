from hexaccount.kernel.metrics import SLOW_SECONDS, MetricDefinition, MetricKind

LOGINS = MetricDefinition(
    "hexaccount_logins",
    MetricKind.COUNT,
    "Attempts to log in: `succeeded`, or the code of the refusal, such as `wrong_credentials` or `too_many_attempts`; "
    "`overloaded` where too many were waiting for a hash, `failed` for whatever else went wrong.",
    labels=("outcome",),
)


HASH_SECONDS = MetricDefinition(
    "hexaccount_password_hash_duration_seconds",
    MetricKind.DISTRIBUTION,
    "Seconds that the hash of a password took, without the wait for its turn.",
    buckets=SLOW_SECONDS,
)


HASH_WAIT = MetricDefinition(
    "hexaccount_password_hash_wait_seconds",
    MetricKind.DISTRIBUTION,
    "Seconds that a password waited on its thread for its turn to be hashed; requests wait before that in "
    "`hexaccount_http_requests_waiting`.",
    buckets=SLOW_SECONDS,
)


HASHES_RUNNING = MetricDefinition(
    "hexaccount_password_hashes_running", MetricKind.SUM, "Passwords that are being hashed."
)


HASHES_WAITING = MetricDefinition(
    "hexaccount_password_hashes_waiting",
    MetricKind.SUM,
    "Passwords that wait on their thread for their turn to be hashed.",
)


HASHES_REFUSED = MetricDefinition(
    "hexaccount_password_hashes_refused",
    MetricKind.COUNT,
    "Passwords that were not hashed, because too many were waiting on their threads.",
)
