from hexaccount.kernel.metrics import SLOW_SECONDS, MetricDefinition, MetricKind

EVENTS = MetricDefinition(
    "hexaccount_events",
    MetricKind.COUNT,
    "Events that were committed, by type: a registration is a `hexaccount.user.registered.v1`, sessions are "
    "`hexaccount.session.opened.v1` and `hexaccount.session.closed.v1`. Events of the command line are not counted.",
    labels=("type",),
)


OUTBOX_EVENTS = MetricDefinition(
    "hexaccount_outbox_events",
    MetricKind.LATEST,
    "Deliveries that are pending for a subscriber, counted up to 10,000; dead letters are not among them.",
    labels=("subscriber",),
)


OUTBOX_AGE = MetricDefinition(
    "hexaccount_outbox_oldest_age_seconds",
    MetricKind.LATEST,
    "Age in seconds of the oldest event whose delivery is pending, 0 where none is; during a replay it is high.",
    labels=("subscriber",),
)


OUTBOX_DEAD_LETTERS = MetricDefinition(
    "hexaccount_outbox_dead_letters",
    MetricKind.LATEST,
    "Dead letters of a subscriber, counted up to 10,000: deliveries that have failed for good.",
    labels=("subscriber",),
)


RELAY_CLAIMS = MetricDefinition(
    "hexaccount_relay_claims",
    MetricKind.COUNT,
    "How often relays have looked for pending deliveries to a subscriber; while it does not rise, no relay works.",
    labels=("subscriber",),
)


RELAY_DELIVERIES = MetricDefinition(
    "hexaccount_relay_deliveries",
    MetricKind.COUNT,
    "Deliveries to a subscriber: `delivered`, `failed` and retried later, `dead_lettered`, or `released` unattempted "
    "because the subscriber or the store was unavailable.",
    labels=("subscriber", "outcome"),
)


RELAY_SECONDS = MetricDefinition(
    "hexaccount_relay_delivery_duration_seconds",
    MetricKind.DISTRIBUTION,
    "Seconds that a subscriber took for one batch, delivered or not.",
    labels=("subscriber",),
    buckets=SLOW_SECONDS,
)
