"""Writes the schemas of new events to docs/events: `python -m tests.hexagon.events.written_schemas`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hexaccount.events.event_schemas import data_schema
from tests.event_types import EVENT_TYPES

FOLDER = Path(__file__).parents[3] / "docs" / "events"


def written(schema: Mapping[str, Any]) -> str:
    """Return the text of a schema's file."""
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    for event_type, event in EVENT_TYPES.items():
        file = FOLDER / f"{event_type}.json"
        if not file.exists():  # a published schema never changes
            file.write_text(written(data_schema(event)))
