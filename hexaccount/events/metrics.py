from hexaccount.kernel.metrics import SLOW_SECONDS, MetricDefinition, MetricKind

EVENTS = MetricDefinition(
    "hexaccount_events",
    MetricKind.COUNT,
    "Events that were committed by type: a registration is a `hexaccount.user.registered.v1`, sessions are "
    "`hexaccount.session.opened.v1` and `hexaccount.session.closed.v1`. What the command line does is not counted.",
    labels=("type",),
)


OUTBOX_EVENTS = MetricDefinition(
    "hexaccount_outbox_events",
    MetricKind.LATEST,
    "Events that are owed to a subscriber, counted up to 10,000; those that were set aside are not owed.",
    labels=("subscriber",),
)


OUTBOX_AGE = MetricDefinition(
    "hexaccount_outbox_oldest_age_seconds",
    MetricKind.LATEST,
    "Seconds since the oldest event happened that is owed to a subscriber, 0 where none is; in a replay that is long.",
    labels=("subscriber",),
)


OUTBOX_DEAD_LETTERS = MetricDefinition(
    "hexaccount_outbox_set_aside_events",
    MetricKind.LATEST,
    "Events whose delivery to a subscriber was given up, counted up to 10,000; see `hexaccount outbox`.",
    labels=("subscriber",),
)


RELAY_CLAIMS = MetricDefinition(
    "hexaccount_relay_claims",
    MetricKind.COUNT,
    "How often somebody has looked for events that are owed to a subscriber, found or not; where it stands still, "
    "nobody delivers.",
    labels=("subscriber",),
)


RELAY_DELIVERIES = MetricDefinition(
    "hexaccount_relay_deliveries",
    MetricKind.COUNT,
    "Events that were brought to a subscriber: `delivered`, `failed` and tried again later, `set_aside` for good, or "
    "`put_off` while the subscriber or the store was away.",
    labels=("subscriber", "outcome"),
)


RELAY_SECONDS = MetricDefinition(
    "hexaccount_relay_delivery_duration_seconds",
    MetricKind.DISTRIBUTION,
    "Seconds that a subscriber took for what it was brought at once, delivered or not.",
    labels=("subscriber",),
    buckets=SLOW_SECONDS,
)
