"""The schemas of events as docs/events has them; `python -m tests.application.written_schemas` writes new ones."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hexaccount.events.event_schemas import data_schema
from hexaccount.kernel.event import EVENT_TYPES

FOLDER = Path(__file__).parents[2] / "docs" / "events"


def written(schema: Mapping[str, Any]) -> str:
    """Return a schema as its file has it."""
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    for event_type, event in EVENT_TYPES.items():
        file = FOLDER / f"{event_type}.json"
        if not file.exists():  # what is published never changes
            file.write_text(written(data_schema(event)))
