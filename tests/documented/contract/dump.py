"""Collects the contract in sections, each from the product as clients and operators meet it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.documented.contract.command_line import commands
from tests.documented.contract.commands_of_each_kind import commands_of_each_kind
from tests.documented.contract.declared import declared_metrics, settings_schema
from tests.documented.contract.http_side import http_side
from tests.documented.contract.references import resolved

_EVENTS = Path(__file__).parents[3] / "docs" / "events"


def clean_environment(**settings: str) -> dict[str, str]:
    """Return the environment without settings of its own, but with those given."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith("HEXACCOUNT_")}
    return {**rest, **{f"HEXACCOUNT_{name}": value for name, value in settings.items()}}


def console(*arguments: str) -> list[str]:
    """Return the command line of the console script in this environment."""
    return [str(Path(sys.executable).with_name("hexaccount")), *arguments]


def dump() -> dict[str, Any]:
    """Return every section; it starts the service on a free port and sends it requests."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"STORE": f"sqlite:///{folder}/store.db", "PASSWORD__COST": "4"}
        environment = clean_environment(**settings, LOG__FORMAT="json")
        for arguments in (("migrate",), ("keys", "add", "--signs-after", "0")):
            subprocess.run(console(*arguments), env=environment, check=True, capture_output=True)
        running = http_side(console, environment)
        done = commands_of_each_kind(console, environment)
    return {
        **running,
        "command_line": commands(),
        "commands": done,
        "settings": {"defaults": _shown_settings(), "schema": settings_schema()},
        "event_schemas": {file.name: resolved(json.loads(file.read_text())) for file in sorted(_EVENTS.glob("*.json"))},
        "declared_metrics": declared_metrics(),
    }


def _shown_settings() -> dict[str, Any]:
    shown = subprocess.run(
        console("config", "show", "--json"), env=clean_environment(), capture_output=True, check=True, text=True
    )
    settings: dict[str, Any] = json.loads(shown.stdout)
    return settings
