"""The definition of each dashboard: its title, and the panels of its rows."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Graph

from tests.monitoring.panels import graph, quantile, rate, stat, total

Rows: TypeAlias = Mapping[str, Sequence[Graph | Stat]]

_REQUESTS = "hexaccount_http_request_duration_seconds"
_USERS = 'route!~"/health|/ready|/metrics"'
_NO_HASH = 'route!~"/health|/ready|/metrics|unmatched|/api/v1/public/(login|register)|/api/v1/me/password"'
_WHERE = "{{job}} {{instance}}"


def _events(kind: str) -> str:
    return rate("hexaccount_events_total", of=f'type="hexaccount.{kind}.v1"')


SERVICE: Rows = {
    "Now": [
        stat(
            "Ready",
            "bool_yes_no",
            "min(hexaccount_ready)",
            "Whether every process can serve.",
            colour="red",
            colours={1: "green"},
        ),
        stat("Requests", "reqps", rate(f"{_REQUESTS}_count", of=_USERS)),
        stat(
            "Bad responses",
            "percentunit",
            'hexaccount:slo_bad_events:rate5m{slo="availability"} / hexaccount:slo_events:rate5m{slo="availability"}',
            "With a 5xx. From orange on, more than the objective allows; red uses up the budget of 30 days in 2.",
            colour="green",
            colours={0.001: "orange", 0.0144: "red"},
        ),
        stat("p99 without passwords", "s", quantile(0.99, _REQUESTS, of=_NO_HASH)),
        stat("In flight", "short", total("hexaccount_http_requests_in_flight")),
        stat("Sockets", "short", total("hexaccount_sockets")),
    ],
    "Requests": [
        graph("By status", "reqps", {"{{status}}": rate(f"{_REQUESTS}_count", "status", of=_USERS)}),
        graph("By route", "reqps", {"{{method}} {{route}}": rate(f"{_REQUESTS}_count", "method", "route", of=_USERS)}),
        graph(
            "Refused before a route",
            "reqps",
            {"{{status}} {{code}}": rate("hexaccount_http_refusals_total", "status", "code")},
            "Overloaded, too slow, too large, malformed.",
        ),
        graph(
            "Seconds without passwords",
            "s",
            {
                "p50": quantile(0.5, _REQUESTS, of=_NO_HASH),
                "p95": quantile(0.95, _REQUESTS, of=_NO_HASH),
                "p99": quantile(0.99, _REQUESTS, of=_NO_HASH),
            },
        ),
        graph("p95 by route", "s", {"{{method}} {{route}}": quantile(0.95, _REQUESTS, "method", "route", of=_USERS)}),
        graph(
            "In flight, and waiting for a thread",
            "short",
            {
                "in flight": total("hexaccount_http_requests_in_flight"),
                "{{request_class}} waiting": total("hexaccount_http_requests_waiting", "request_class"),
            },
        ),
    ],
    "Objectives, and sockets": [
        graph(
            "Burn rate of the error budget",
            "short",
            {"{{slo}}, 1 h": "hexaccount:slo_burn:1h", "{{slo}}, 6 h": "hexaccount:slo_burn:6h"},
            "1 uses it up in 30 days; 14.4 over an hour, or 6 over six hours, is a page.",
        ),
        graph(
            "Bad responses",
            "percentunit",
            {"{{slo}}": "hexaccount:slo_bad_events:rate5m / hexaccount:slo_events:rate5m"},
        ),
        graph(
            "Sockets",
            "short",
            {"sockets": total("hexaccount_sockets"), "watching all accounts": total("hexaccount_sockets_watching")},
        ),
    ],
    "Messages on the bus": [
        graph("By type", "ops", {"{{message}}": rate("hexaccount_message_duration_seconds_count", "message")}),
        graph("By outcome", "ops", {"{{outcome}}": rate("hexaccount_message_duration_seconds_count", "outcome")}),
        graph("p95 by type", "s", {"{{message}}": quantile(0.95, "hexaccount_message_duration_seconds", "message")}),
    ],
}
ACCOUNTS: Rows = {
    "Users": [
        graph("Registrations", "cps", {"registrations": _events("user.registered")}),
        graph("Logins", "cps", {"{{outcome}}": rate("hexaccount_logins_total", "outcome")}),
        graph(
            "Sessions",
            "cps",
            {
                "opened": _events("session.opened"),
                "closed": _events("session.closed"),
                "refreshed": rate(
                    "hexaccount_message_duration_seconds_count", of='message="RefreshSession",outcome="done"'
                ),
            },
        ),
        graph(
            "Changes to accounts",
            "cps",
            {
                "passwords": _events("user.password_changed"),
                "disabled": _events("user.disabled"),
                "all sessions ended": _events("user.sessions_ended"),
            },
        ),
        graph(
            "Used refresh tokens that were used again",
            "cps",
            {"reuse detected": _events("session.reuse_detected")},
            "A token was stolen, or a client is broken.",
        ),
        graph(
            "Security log",
            "cps",
            {"{{action}} {{reason}}": rate("hexaccount_security_events_total", "action", "reason")},
            "The lines of the security log, those that it leaves out included.",
        ),
        graph("Failed logins", "cps", {"wrong credentials or too many attempts": "hexaccount:failed_logins:rate5m"}),
    ],
    "Password hashes": [
        graph(
            "Seconds per hash",
            "s",
            {
                "p50": quantile(0.5, "hexaccount_password_hash_duration_seconds"),
                "p95": quantile(0.95, "hexaccount_password_hash_duration_seconds"),
                "p95 of the wait, holding a thread": quantile(0.95, "hexaccount_password_hash_wait_seconds"),
            },
        ),
        graph(
            "Running, and waiting",
            "short",
            {
                "running": total("hexaccount_password_hashes_running"),
                "waiting, holding a thread": total("hexaccount_password_hashes_waiting"),
                "waiting for a thread": total("hexaccount_http_requests_waiting", of='request_class="password"'),
                "instances with the engine {{engine}}": total("hexaccount_password_engine", "engine"),
            },
        ),
        graph(
            "Refused because too many wait",
            "cps",
            {
                "requests": rate("hexaccount_http_refusals_total", of='code="overloaded"'),
                "hashes": rate("hexaccount_password_hashes_refused_total"),
            },
        ),
    ],
}
EVENTS: Rows = {
    "Pending": [
        graph(
            "Pending",
            "short",
            {"{{subscriber}}": "hexaccount:outbox_events:max"},
            "Counted up to 10,000 per subscriber.",
        ),
        graph("Age of the oldest", "s", {"{{subscriber}}": "hexaccount:outbox_oldest_age_seconds:max"}),
        graph(
            "Dead letters",
            "short",
            {"{{subscriber}}": "hexaccount:outbox_dead_letters:max"},
            "`hexaccount outbox list` shows the errors.",
        ),
    ],
    "Delivered": [
        graph(
            "Deliveries",
            "ops",
            {"{{subscriber}} {{outcome}}": rate("hexaccount_relay_deliveries_total", "subscriber", "outcome")},
        ),
        graph(
            "p95 seconds per batch",
            "s",
            {"{{subscriber}}": quantile(0.95, "hexaccount_relay_delivery_duration_seconds", "subscriber")},
        ),
        graph(
            "Claims",
            "ops",
            {"{{subscriber}}": "hexaccount:relay_claims:rate5m"},
            "Where there are none, no relay runs.",
        ),
    ],
    "Committed": [graph("By type", "ops", {"{{type}}": rate("hexaccount_events_total", "type")})],
}
DATABASE: Rows = {
    "Store": [
        graph("Ready", "bool_yes_no", {_WHERE: "hexaccount_ready"}),
        graph(
            "Connections",
            "short",
            {
                "in use": total("hexaccount_store_connections_in_use"),
                "open": total("hexaccount_store_connections"),
                "limit": total("hexaccount_store_connections_limit"),
            },
        ),
        graph(
            "Share of connections in use",
            "percentunit",
            {_WHERE: "hexaccount_store_connections_in_use / hexaccount_store_connections_limit"},
        ),
        graph("Waits for a connection", "cps", {"waits": rate("hexaccount_store_connection_wait_seconds_count")}),
        graph("Seconds waited per second", "s", {"waited": rate("hexaccount_store_connection_wait_seconds_sum")}),
    ],
    "Cache": [
        graph("Reachable", "bool_yes_no", {_WHERE: "hexaccount_cache_reachable"}),
        graph("Lost", "cps", {_WHERE: rate("hexaccount_cache_outages_total", "job", "instance")}),
    ],
}
SYSTEM: Rows = {
    "Processes": [
        graph("Up", "bool_yes_no", {_WHERE: 'up{job=~"hexaccount.*"}'}),
        graph("Processes", "short", {_WHERE: "hexaccount_processes"}),
        graph("Threads", "short", {_WHERE: "hexaccount_process_threads"}),
        graph(
            "Processors used",
            "short",
            {_WHERE: rate("hexaccount_process_cpu_seconds_total", "job", "instance")},
            "1 is one busy processor.",
        ),
        graph("Memory", "bytes", {_WHERE: "hexaccount_process_resident_memory_bytes"}),
        graph(
            "Share of open files",
            "percentunit",
            {
                _WHERE: "hexaccount_process_open_files / (hexaccount_processes * hexaccount_process_open_files_limit)",
            },
        ),
    ],
}

DASHBOARDS: Mapping[str, tuple[str, Rows]] = {
    "service": ("Service", SERVICE),
    "accounts": ("Accounts", ACCOUNTS),
    "events": ("Events", EVENTS),
    "database": ("Database and cache", DATABASE),
    "system": ("System resources", SYSTEM),
}
"""The title and the rows of each dashboard, by the name of its file."""
