from hexaccount.kernel.metrics import QUICK_SECONDS, MetricDefinition, MetricKind

HTTP_REQUESTS = MetricDefinition(
    "hexaccount_http_request_duration_seconds",
    MetricKind.DISTRIBUTION,
    "Seconds from when a thread took a request to its answer, by the template of its route (`unmatched` where none "
    "fits), its method (`_OTHER` for what HTTP does not know) and the status of the answer.",
    labels=("route", "method", "status"),
    buckets=QUICK_SECONDS,
)


HTTP_REFUSALS = MetricDefinition(
    "hexaccount_http_refusals",
    MetricKind.COUNT,
    "Requests that were answered in the place of a route: malformed, too slow or too large (400, 408, 413), with too "
    "many waiting before them or not done in time (503), or because of a fault (500).",
    labels=("status", "code"),
)


HTTP_IN_FLIGHT = MetricDefinition(
    "hexaccount_http_requests_in_flight",
    MetricKind.SUM,
    "Requests that have arrived and are not answered, those that wait for a thread among them.",
)


HTTP_WAITING = MetricDefinition(
    "hexaccount_http_requests_waiting",
    MetricKind.SUM,
    "Requests that wait for a thread of their class; those in `password` wait for a hash.",
    labels=("lane",),
)


MESSAGES = MetricDefinition(
    "hexaccount_message_duration_seconds",
    MetricKind.DISTRIBUTION,
    "Seconds that a message took on the bus, by its type and whether it was `done`, `refused` by a rule, or `failed`.",
    labels=("message", "outcome"),
    buckets=QUICK_SECONDS,
)


READY = MetricDefinition(
    "hexaccount_ready",
    MetricKind.LEAST,
    "Whether every process can do its work: 1, or 0 where one does not reach the store, finds it not migrated, or "
    "cannot open the key that signs.",
)


SOCKETS = MetricDefinition("hexaccount_sockets", MetricKind.SUM, "Sockets on which somebody hears of events.")


SOCKETS_WATCHING = MetricDefinition(
    "hexaccount_sockets_watching", MetricKind.SUM, "Sockets among them on which an admin hears of all accounts."
)


PROCESSES = MetricDefinition(
    "hexaccount_processes", MetricKind.SUM, "Processes that do the work, without the parent that starts them."
)


PROCESS_CPU_SECONDS = MetricDefinition(
    "hexaccount_process_cpu_seconds", MetricKind.COUNT, "Seconds of processor time that these processes have used."
)


PROCESS_MEMORY = MetricDefinition(
    "hexaccount_process_resident_memory_bytes",
    MetricKind.SUM,
    "Memory that these processes have in use; what they share is counted in each.",
)


PROCESS_OPEN_FILES = MetricDefinition(
    "hexaccount_process_open_files", MetricKind.SUM, "Files and sockets that these processes have open."
)


PROCESS_OPEN_FILES_LIMIT = MetricDefinition(
    "hexaccount_process_open_files_limit", MetricKind.LEAST, "How many of them one process may have open."
)


PROCESS_THREADS = MetricDefinition(
    "hexaccount_process_threads", MetricKind.SUM, "Threads of Python in these processes."
)
