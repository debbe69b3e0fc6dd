from hexaccount.kernel.metrics import SLOW_SECONDS, MetricDefinition, MetricKind

LOGINS = MetricDefinition(
    "hexaccount_logins",
    MetricKind.COUNT,
    "Attempts to log in: `succeeded`, or the code of the refusal, such as `wrong_credentials` or `too_many_attempts`; "
    "`overloaded` if too many were waiting for a hash, `failed` for any other error.",
    labels=("outcome",),
)


HASH_SECONDS = MetricDefinition(
    "hexaccount_password_hash_duration_seconds",
    MetricKind.DISTRIBUTION,
    "Seconds that hashing a password took, with those hashed at the same time, or estimating the guesses of a new one, "
    "without the wait for a slot.",
    buckets=SLOW_SECONDS,
)


HASH_WAIT = MetricDefinition(
    "hexaccount_password_hash_wait_seconds",
    MetricKind.DISTRIBUTION,
    "Seconds that a thread waited for a hashing slot; requests wait for such a thread in "
    "`hexaccount_http_requests_waiting`.",
    buckets=SLOW_SECONDS,
)


HASHES_RUNNING = MetricDefinition(
    "hexaccount_password_hashes_running", MetricKind.SUM, "Passwords that are being hashed."
)


HASHES_WAITING = MetricDefinition(
    "hexaccount_password_hashes_waiting",
    MetricKind.SUM,
    "Passwords whose threads wait for a hashing slot.",
)


HASHES_REFUSED = MetricDefinition(
    "hexaccount_password_hashes_refused",
    MetricKind.COUNT,
    "Passwords that were not hashed because the hashing queue was full.",
)


HASH_ENGINE = MetricDefinition(
    "hexaccount_password_engine",
    MetricKind.LATEST,
    "1 for what computes bcrypt: `interleaved`, `crypt` or `bcrypt`; see the setting `password.engine`.",
    labels=("engine",),
)
