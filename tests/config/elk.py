"""Reads the files for Elasticsearch, Logstash, Filebeat and Kibana."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

CONFIG = Path(__file__).parents[2] / "config"
NAME = "logs-hexaccount"
INDEX_TEMPLATE = CONFIG / "elasticsearch" / "index_template" / f"{NAME}.json"
INGEST_PIPELINE = CONFIG / "elasticsearch" / "ingest_pipeline" / f"{NAME}.json"
ILM_POLICY = CONFIG / "elasticsearch" / "ilm_policy" / f"{NAME}.json"
KIBANA = CONFIG / "kibana" / f"{NAME}.ndjson"
FILEBEAT = CONFIG / "filebeat" / "filebeat.yml"
LOGSTASH = CONFIG / "logstash" / "pipeline" / "hexaccount.conf"

_FIELD = re.compile(r"(?:^|[\s(])([@a-z_]+(?:\.[a-z_]+)*):")


def mapped_fields() -> dict[str, str]:
    """Return the type of each field of the index template, by its full name."""
    mappings = json.loads(INDEX_TEMPLATE.read_text())["template"]["mappings"]
    return dict(_types(mappings["properties"], ""))


def _types(properties: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for name, mapping in properties.items():
        if "properties" in mapping:
            yield from _types(mapping["properties"], f"{before}{name}.")
        else:
            yield f"{before}{name}", mapping["type"]


def saved_objects() -> list[dict[str, Any]]:
    """Return the objects that Kibana imports."""
    return [json.loads(line) for line in KIBANA.read_text().splitlines()]


def saved_searches() -> dict[str, str]:
    """Return the queries of the saved searches by their ids."""
    searches = [saved for saved in saved_objects() if saved["type"] == "search"]
    return {search["id"]: source_of(search)["query"]["query"] for search in searches}


def source_of(search: Mapping[str, Any]) -> Any:
    """Return the search source of a saved search."""
    return json.loads(search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])


def fields_of(query: str) -> set[str]:
    """Return the fields in a Lucene query."""
    return set(_FIELD.findall(re.sub(r'"[^"]*"', '""', query)))


def nested(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line with nested objects instead of dotted names, as Filebeat does with `expand_keys`."""
    found: dict[str, Any] = {}
    for name, value in line.items():
        *outer, last = name.split(".")
        place = found
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = value
    return found
