"""What each dashboard shows: its title, and the panels of each of its rows."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Graph

from tests.monitoring.panels import figure, graph, quantile, rate, total

Rows: TypeAlias = Mapping[str, Sequence[Graph | Stat]]

_REQUESTS = "hexaccount_http_request_duration_seconds"
_PEOPLE = 'route!~"/health|/ready|/metrics"'
_QUICK = 'route!~"/health|/ready|/metrics|unmatched|/api/v1/public/(login|register)|/api/v1/me/password"'
_WHERE = "{{job}} {{instance}}"


def _events(kind: str) -> str:
    return rate("hexaccount_events_total", of=f'type="hexaccount.{kind}.v1"')


SERVICE: Rows = {
    "Now": [
        figure("Ready", "bool_yes_no", "min(hexaccount_ready)", "Whether every process can do its work."),
        figure("Requests", "reqps", rate(f"{_REQUESTS}_count", of=_PEOPLE)),
        figure(
            "Badly answered",
            "percentunit",
            'hexaccount:slo_bad_events:rate5m{slo="availability"} / hexaccount:slo_events:rate5m{slo="availability"}',
            "With a 5xx.",
        ),
        figure("p99 without passwords", "s", quantile(0.99, _REQUESTS, of=_QUICK)),
        figure("In flight", "short", total("hexaccount_http_requests_in_flight")),
        figure("Sockets", "short", total("hexaccount_sockets")),
    ],
    "Requests": [
        graph("By status", "reqps", {"{{status}}": rate(f"{_REQUESTS}_count", "status", of=_PEOPLE)}),
        graph("By route", "reqps", {"{{method}} {{route}}": rate(f"{_REQUESTS}_count", "method", "route", of=_PEOPLE)}),
        graph(
            "Refused before a route",
            "reqps",
            {"{{status}} {{code}}": rate("hexaccount_http_refusals_total", "status", "code")},
            "Too many waiting, too slow, too large, malformed.",
        ),
        graph(
            "Seconds without passwords",
            "s",
            {
                "p50": quantile(0.5, _REQUESTS, of=_QUICK),
                "p95": quantile(0.95, _REQUESTS, of=_QUICK),
                "p99": quantile(0.99, _REQUESTS, of=_QUICK),
            },
        ),
        graph("p95 by route", "s", {"{{method}} {{route}}": quantile(0.95, _REQUESTS, "method", "route", of=_PEOPLE)}),
        graph(
            "In flight, and waiting for a thread",
            "short",
            {
                "in flight": total("hexaccount_http_requests_in_flight"),
                "{{lane}} waiting": total("hexaccount_http_requests_waiting", "lane"),
            },
        ),
    ],
    "Promises, and sockets": [
        graph(
            "Pace at which the budget burns",
            "short",
            {"{{slo}}, 1 h": "hexaccount:slo_burn:1h", "{{slo}}, 6 h": "hexaccount:slo_burn:6h"},
            "1 uses it up in 30 days; at 14.4 over an hour, or 6 over six hours, somebody is paged.",
        ),
        graph(
            "Badly answered",
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
    "People": [
        graph("Registrations", "cps", {"registrations": _events("user.registered")}),
        graph("Logins", "cps", {"{{outcome}}": rate("hexaccount_logins_total", "outcome")}),
        graph(
            "Sessions",
            "cps",
            {
                "opened": _events("session.opened"),
                "closed": _events("session.closed"),
                "refreshed": _events("session.refreshed"),
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
            "Spent refresh tokens that came again",
            "cps",
            {"reuse detected": _events("session.reuse_detected")},
            "A token was stolen, or a client is broken.",
        ),
        graph("Failed logins", "cps", {"wrong or too many": "hexaccount:failed_logins:rate5m"}),
    ],
    "Password hashes": [
        graph(
            "Seconds for a hash",
            "s",
            {
                "p50": quantile(0.5, "hexaccount_password_hash_duration_seconds"),
                "p95": quantile(0.95, "hexaccount_password_hash_duration_seconds"),
                "p95 of the wait on a thread": quantile(0.95, "hexaccount_password_hash_wait_seconds"),
            },
        ),
        graph(
            "Running, and waiting",
            "short",
            {
                "running": total("hexaccount_password_hashes_running"),
                "waiting on a thread": total("hexaccount_password_hashes_waiting"),
                "waiting for a thread": total("hexaccount_http_requests_waiting", of='lane="password"'),
            },
        ),
        graph(
            "Refused, because too many wait",
            "cps",
            {
                "requests": rate("hexaccount_http_refusals_total", of='code="overloaded"'),
                "hashes": rate("hexaccount_password_hashes_refused_total"),
            },
        ),
    ],
}
EVENTS: Rows = {
    "Owed": [
        graph(
            "Owed",
            "short",
            {"{{subscriber}}": "hexaccount:outbox_events:max"},
            "Counted up to 10,000 for a subscriber.",
        ),
        graph("Age of the oldest", "s", {"{{subscriber}}": "hexaccount:outbox_oldest_age_seconds:max"}),
        graph(
            "Given up",
            "short",
            {"{{subscriber}}": "hexaccount:outbox_set_aside_events:max"},
            "`hexaccount outbox list` tells why.",
        ),
    ],
    "Delivered": [
        graph(
            "Deliveries",
            "ops",
            {"{{subscriber}} {{outcome}}": rate("hexaccount_relay_deliveries_total", "subscriber", "outcome")},
        ),
        graph(
            "p95 of what is brought at once",
            "s",
            {"{{subscriber}}": quantile(0.95, "hexaccount_relay_delivery_duration_seconds", "subscriber")},
        ),
        graph(
            "Looks for what is owed",
            "ops",
            {"{{subscriber}}": "hexaccount:relay_claims:rate5m"},
            "Where there are none, nobody delivers.",
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
        graph("Seconds waited in a second", "s", {"waited": rate("hexaccount_store_connection_wait_seconds_sum")}),
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
            "1 is one processor that does nothing else.",
        ),
        graph("Memory", "bytes", {_WHERE: "hexaccount_process_resident_memory_bytes"}),
        graph(
            "Open files, of those that may be",
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
"""The titles and rows of the dashboards by the names of their files."""
