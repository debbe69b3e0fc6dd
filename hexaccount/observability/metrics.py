from hexaccount.kernel.metrics import QUICK_SECONDS, MetricDefinition, MetricKind

HTTP_REQUESTS = MetricDefinition(
    "hexaccount_http_request_duration_seconds",
    MetricKind.DISTRIBUTION,
    "Seconds that a request took on its thread, by the template of its route (`unmatched` if there is none), its "
    "method (`_OTHER` if it is not one of HTTP's) and the status of the response.",
    labels=("route", "method", "status"),
    buckets=QUICK_SECONDS,
)


HTTP_REFUSALS = MetricDefinition(
    "hexaccount_http_refusals",
    MetricKind.COUNT,
    "Requests that were refused before a route: malformed, too slow or too large (400, 408, 413), overload or deadline "
    "exceeded (503), or an internal error (500).",
    labels=("status", "code"),
)


HTTP_IN_FLIGHT = MetricDefinition(
    "hexaccount_http_requests_in_flight",
    MetricKind.SUM,
    "Requests that have arrived and are not answered yet, including those that wait for a thread.",
)


HTTP_WAITING = MetricDefinition(
    "hexaccount_http_requests_waiting",
    MetricKind.SUM,
    "Requests that wait for a thread of their request class; those of class `password` wait for a hash.",
    labels=("request_class",),
)


MESSAGES = MetricDefinition(
    "hexaccount_message_duration_seconds",
    MetricKind.DISTRIBUTION,
    "Seconds that a message took on the bus, by its type and its outcome: `done`, `refused` by a rule, or `failed`.",
    labels=("message", "outcome"),
    buckets=QUICK_SECONDS,
)


SECURITY_EVENTS = MetricDefinition(
    "hexaccount_security_events",
    MetricKind.COUNT,
    "What the security log reports, lines that it leaves out included, by action (`log_in`, `acquire_permit` …) and "
    "reason: the policy of the limit that was exceeded, or else the code of the refusal, or `done`.",
    labels=("action", "reason"),
)


READY = MetricDefinition(
    "hexaccount_ready",
    MetricKind.MIN,
    "1 if every process can serve; 0 if one does not reach the store, finds it not migrated, or cannot open the "
    "signing key.",
)


SOCKETS = MetricDefinition("hexaccount_sockets", MetricKind.SUM, "Sockets that receive events.")


SOCKETS_WATCHING = MetricDefinition(
    "hexaccount_sockets_watching", MetricKind.SUM, "Sockets of admins that receive the events of all accounts."
)


PROCESSES = MetricDefinition(
    "hexaccount_processes", MetricKind.SUM, "Worker processes, without the parent that starts them."
)


PROCESS_CPU_SECONDS = MetricDefinition(
    "hexaccount_process_cpu_seconds", MetricKind.COUNT, "Processor time of these processes in seconds."
)


PROCESS_MEMORY = MetricDefinition(
    "hexaccount_process_resident_memory_bytes",
    MetricKind.SUM,
    "Resident memory of these processes; what they share is counted in each.",
)


PROCESS_OPEN_FILES = MetricDefinition(
    "hexaccount_process_open_files", MetricKind.SUM, "Files and sockets that these processes have open."
)


PROCESS_OPEN_FILES_LIMIT = MetricDefinition(
    "hexaccount_process_open_files_limit", MetricKind.MIN, "How many files and sockets one process may have open."
)


PROCESS_THREADS = MetricDefinition(
    "hexaccount_process_threads", MetricKind.SUM, "Threads of Python in these processes."
)
