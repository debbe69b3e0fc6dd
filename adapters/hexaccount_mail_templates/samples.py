"""Values for every kind of message, to preview and check templates; docs/mail-words.md describes them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

_BASE = "https://accounts.example.org/account"
_TOKEN = "#token=q3nUvRw0c5yJ7mXkTzB2hL9sPdF6aGeKx8VYiNo1WjE"  # noqa: S105 - it opens nothing

_RECOVERY = {"recovery_link": f"{_BASE}/recovery"}
_WHERE = {
    "when": datetime(2026, 12, 1, 14, 3, 49, tzinfo=UTC),
    "network": "198.51.100.0/24",
    "device": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
}

OPTIONAL = frozenset({"device", "inviter", "network", "user_name"})
"""Values that may be None."""

SAMPLES: Mapping[str, Mapping[str, object]] = {
    "verification": {"link": f"{_BASE}/verify{_TOKEN}", "lifetime": timedelta(days=7)},
    "recovery": {
        "link": f"{_BASE}/recovery{_TOKEN}",
        "lifetime": timedelta(hours=1),
        "user_name": "grace",
        "when": _WHERE["when"],
        "network": _WHERE["network"],
    },
    "invitation": {"link": f"{_BASE}/invitation{_TOKEN}", "lifetime": timedelta(days=14), "inviter": "Ada Lovelace"},
    "email_change": {"link": f"{_BASE}/verify{_TOKEN}", "lifetime": timedelta(hours=36)},
    "email_change_requested": {"link": f"{_BASE}/undo{_TOKEN}", "new_address": "grace@example.net", **_WHERE},
    "email_changed": {"new_address": "grace@example.net", **_RECOVERY, **_WHERE},
    "password_changed": {**_RECOVERY, **_WHERE},
    "new_device": {**_RECOVERY, **_WHERE},
    "account_disabled": {**_RECOVERY, "when": _WHERE["when"]},
    "session_reuse": {**_RECOVERY, **_WHERE},
    "address_taken": {**_RECOVERY, "when": _WHERE["when"], "network": _WHERE["network"]},
}
