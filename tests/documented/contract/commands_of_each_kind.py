"""A fixed round of commands on a store that has one user, and the exit code and JSON of each."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

from tests.documented.contract.shapes import shape_of

_NAMES = ("--email", "paul@example.org", "--first-name", "Paul", "--last-name", "Smith", "--password-stdin", "--json")
_ROUND: tuple[tuple[str, ...], ...] = (
    ("migrate",),
    ("users", "register", "--user-name", "paul", *_NAMES),
    ("users", "register", "--user-name", "paul", *_NAMES),
    ("users", "list", "--json"),
    ("users", "show", "paul", "--json"),
    ("users", "show", "nobody", "--json"),
    ("users", "sessions", "maria", "--json"),
    ("users", "disable", "paul"),
    ("users", "enable", "paul"),
    ("users", "grant", "paul", "no-such-role"),
    ("users", "revoke", "paul", "admin"),
    ("users", "set-password", "paul", "--password-stdin"),
    ("users", "logout", "maria"),
    ("events", "list", "maria", "--json"),
    ("events", "show", "00000000-0000-7000-8000-000000000000"),
    ("events", "replay", "profiles", "--yes", "--json"),
    ("keys", "list", "--json"),
    ("keys", "add", "--json"),
    ("keys", "remove", "no-such-key"),
    ("outbox", "list", "--json"),
    ("outbox", "subscribers", "--json"),
    ("purge", "--json"),
    ("doctor", "--json"),
    ("config", "show", "--json"),
    ("no-such-command",),
)


def commands_of_each_kind(console: Callable[..., list[str]], environment: dict[str, str]) -> dict[str, Any]:
    """Return the exit code of each command, and the shape of each line or document of JSON that it prints."""
    found: dict[str, Any] = {}
    for number, arguments in enumerate(_ROUND):
        done = subprocess.run(
            console(*arguments),
            env=environment,
            input="a long enough password\n",
            capture_output=True,
            text=True,
            check=False,
        )
        found[f"{number:02} {' '.join(arguments)}"] = {
            "exit_code": done.returncode,
            "json": _shapes(done.stdout) if "--json" in arguments and not done.returncode else None,
        }
    return found


def _shapes(printed: str) -> Any:
    try:
        return shape_of(json.loads(printed))
    except ValueError:
        return [shape_of(json.loads(line)) for line in printed.splitlines()]
