"""Everything that is measured; `docs/metrics.md` has it as a table."""

from hexaccount.application.ports.metrics import Kind, Measure

_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds, for what takes a millisecond where all is well and a few seconds where it is not."""
_SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds, for what takes long by its nature."""
_WAITS = (0.001, 0.01, 0.1, 1.0, 5.0)

HTTP_REQUESTS = Measure(
    "hexaccount_http_request_duration_seconds",
    Kind.DISTRIBUTION,
    "Seconds from when a thread took a request to its answer, by the template of its route (`unmatched` where none "
    "fits), its method (`_OTHER` for what HTTP does not know) and the status of the answer.",
    labels=("route", "method", "status"),
    buckets=_QUICK,
)
HTTP_REFUSALS = Measure(
    "hexaccount_http_refusals",
    Kind.COUNT,
    "Requests that were answered in the place of a route: malformed, too slow or too large (400, 408, 413), with too "
    "many waiting before them or not done in time (503), or because of a fault (500).",
    labels=("status", "code"),
)
HTTP_IN_FLIGHT = Measure(
    "hexaccount_http_requests_in_flight",
    Kind.SUM,
    "Requests that have arrived and are not answered, those that wait for a thread among them.",
)
HTTP_WAITING = Measure(
    "hexaccount_http_requests_waiting",
    Kind.SUM,
    "Requests that wait for a thread of their class; those in `password` wait for a hash.",
    labels=("lane",),
)
MESSAGES = Measure(
    "hexaccount_message_duration_seconds",
    Kind.DISTRIBUTION,
    "Seconds that a message took on the bus, by its type and whether it was `done`, `refused` by a rule, or `failed`.",
    labels=("message", "outcome"),
    buckets=_QUICK,
)
EVENTS = Measure(
    "hexaccount_events",
    Kind.COUNT,
    "Events that were committed by type: a registration is a `hexaccount.user.registered.v1`, sessions are "
    "`hexaccount.session.opened.v1` and `hexaccount.session.closed.v1`. What the command line does is not counted.",
    labels=("type",),
)
LOGINS = Measure(
    "hexaccount_logins",
    Kind.COUNT,
    "Attempts to log in: `succeeded`, or the code of the refusal, such as `wrong_credentials` or `too_many_attempts`; "
    "`overloaded` where too many were waiting for a hash, `failed` for whatever else went wrong.",
    labels=("outcome",),
)
HASH_SECONDS = Measure(
    "hexaccount_password_hash_duration_seconds",
    Kind.DISTRIBUTION,
    "Seconds that the hash of a password took, without the wait for its turn.",
    buckets=_SLOW,
)
HASH_WAIT = Measure(
    "hexaccount_password_hash_wait_seconds",
    Kind.DISTRIBUTION,
    "Seconds that a password waited on its thread for its turn to be hashed; requests wait before that in "
    "`hexaccount_http_requests_waiting`.",
    buckets=_SLOW,
)
HASHES_RUNNING = Measure("hexaccount_password_hashes_running", Kind.SUM, "Passwords that are being hashed.")
HASHES_WAITING = Measure(
    "hexaccount_password_hashes_waiting", Kind.SUM, "Passwords that wait on their thread for their turn to be hashed."
)
HASHES_REFUSED = Measure(
    "hexaccount_password_hashes_refused",
    Kind.COUNT,
    "Passwords that were not hashed, because too many were waiting on their threads.",
)
READY = Measure(
    "hexaccount_ready",
    Kind.LEAST,
    "Whether every process can do its work: 1, or 0 where one does not reach the store, finds it not migrated, or "
    "cannot open the key that signs.",
)
STORE_CONNECTIONS = Measure(
    "hexaccount_store_connections", Kind.SUM, "Connections to the store that are open, used or not."
)
STORE_CONNECTIONS_IN_USE = Measure(
    "hexaccount_store_connections_in_use", Kind.SUM, "Connections to the store that somebody uses."
)
STORE_CONNECTIONS_LIMIT = Measure(
    "hexaccount_store_connections_limit", Kind.SUM, "How many connections to the store may be used at once."
)
STORE_CONNECTION_WAITS = Measure(
    "hexaccount_store_connection_wait_seconds",
    Kind.DISTRIBUTION,
    "Seconds that was waited for a connection to the store while all were in use, in vain or not.",
    buckets=_WAITS,
)
OUTBOX_EVENTS = Measure(
    "hexaccount_outbox_events",
    Kind.LATEST,
    "Events that are owed to a subscriber, counted up to 10,000; those that were set aside are not owed.",
    labels=("subscriber",),
)
OUTBOX_AGE = Measure(
    "hexaccount_outbox_oldest_age_seconds",
    Kind.LATEST,
    "Seconds since the oldest event happened that is owed to a subscriber, 0 where none is; in a replay that is long.",
    labels=("subscriber",),
)
OUTBOX_SET_ASIDE = Measure(
    "hexaccount_outbox_set_aside_events",
    Kind.LATEST,
    "Events whose delivery to a subscriber was given up, counted up to 10,000; see `hexaccount outbox`.",
    labels=("subscriber",),
)
RELAY_CLAIMS = Measure(
    "hexaccount_relay_claims",
    Kind.COUNT,
    "How often somebody has looked for events that are owed to a subscriber, found or not; where it stands still, "
    "nobody delivers.",
    labels=("subscriber",),
)
RELAY_DELIVERIES = Measure(
    "hexaccount_relay_deliveries",
    Kind.COUNT,
    "Events that were brought to a subscriber: `delivered`, `failed` and tried again later, `set_aside` for good, or "
    "`put_off` while the subscriber or the store was away.",
    labels=("subscriber", "outcome"),
)
RELAY_SECONDS = Measure(
    "hexaccount_relay_delivery_duration_seconds",
    Kind.DISTRIBUTION,
    "Seconds that a subscriber took for what it was brought at once, delivered or not.",
    labels=("subscriber",),
    buckets=_SLOW,
)
CACHE_REACHABLE = Measure(
    "hexaccount_cache_reachable",
    Kind.LEAST,
    "Whether every worker reaches the cache: 1, or 0 while one of them asks the store for every session and limits "
    "guesses by itself.",
)
CACHE_OUTAGES = Measure("hexaccount_cache_outages", Kind.COUNT, "How often a worker has lost the cache.")
SOCKETS = Measure("hexaccount_sockets", Kind.SUM, "Sockets on which somebody hears of events.")
SOCKETS_WATCHING = Measure(
    "hexaccount_sockets_watching", Kind.SUM, "Sockets among them on which an admin hears of all accounts."
)
PROCESSES = Measure(
    "hexaccount_processes", Kind.SUM, "Processes that do the work, without the parent that starts them."
)
PROCESS_CPU_SECONDS = Measure(
    "hexaccount_process_cpu_seconds", Kind.COUNT, "Seconds of processor time that these processes have used."
)
PROCESS_MEMORY = Measure(
    "hexaccount_process_resident_memory_bytes",
    Kind.SUM,
    "Memory that these processes have in use; what they share is counted in each.",
)
PROCESS_OPEN_FILES = Measure(
    "hexaccount_process_open_files", Kind.SUM, "Files and sockets that these processes have open."
)
PROCESS_OPEN_FILES_LIMIT = Measure(
    "hexaccount_process_open_files_limit", Kind.LEAST, "How many of them one process may have open."
)
PROCESS_THREADS = Measure("hexaccount_process_threads", Kind.SUM, "Threads of Python in these processes.")
