"""The files for Filebeat, Logstash, Elasticsearch and Kibana fit each other and the log.

Filebeat, Logstash and Kibana cannot be installed here, so none of them has loaded these files.
"""

import json
from typing import Any

import pytest
import yaml

from tests.config import elk, logstash

OWN_FIELDS = {"labels.actor", "labels.left_out", "labels.network", "labels.policy", "labels.route"}
# https://www.elastic.co/guide/en/ecs/8.17/ecs-field-reference.html, as far as the log and its shippers use it.
ECS = {
    "@timestamp": "date", "message": "match_only_text", "tags": "keyword", "ecs.version": "keyword",
    "service.name": "keyword", "data_stream.type": "constant_keyword", "data_stream.dataset": "constant_keyword",
    "data_stream.namespace": "constant_keyword", "event.action": "keyword", "event.category": "keyword",
    "event.dataset": "keyword", "event.duration": "long", "event.ingested": "date", "event.kind": "keyword",
    "event.outcome": "keyword", "event.reason": "keyword", "user.hash": "keyword", "log.level": "keyword",
    "log.logger": "keyword", "log.file.path": "keyword", "process.pid": "long", "process.thread.name": "keyword",
    "http.request.id": "keyword", "http.request.method": "keyword", "http.response.status_code": "long",
    "error.code": "keyword", "error.message": "match_only_text", "error.stack_trace": "wildcard",
    "error.type": "keyword", "trace.id": "keyword", "span.id": "keyword", "agent.name": "keyword",
    "agent.type": "keyword", "agent.version": "keyword", "container.id": "keyword", "host.name": "keyword",
}  # fmt: skip
FILEBEAT_FIELDS = {"log.offset": "long", "input.type": "keyword", "stream": "keyword"}


def test_every_mapped_field_has_the_type_of_ecs_or_filebeat() -> None:
    fields = elk.mapped_fields()
    assert {name: kind for name, kind in fields.items() if name not in OWN_FIELDS} == ECS | FILEBEAT_FIELDS
    assert fields.keys() >= OWN_FIELDS


def test_the_template_is_strict_and_names_pipeline_and_lifecycle() -> None:
    template = json.loads(elk.INDEX_TEMPLATE.read_text())
    settings = template["template"]["settings"]["index"]
    assert template["template"]["mappings"]["dynamic"] == "strict"
    assert settings["default_pipeline"] == elk.INGEST_PIPELINE.stem
    assert settings["lifecycle"]["name"] == elk.ILM_POLICY.stem
    assert json.loads(elk.ILM_POLICY.read_text())["policy"]["phases"].keys() == {"hot", "delete"}


def test_filebeat_parses_the_lines_and_forwards_only_those_of_the_service() -> None:
    filebeat: Any = yaml.safe_load(elk.FILEBEAT.read_text())
    (source,) = filebeat["filebeat.inputs"]
    container, ndjson = source["parsers"]
    assert container["container"]["stream"] == "stderr"
    assert ndjson["ndjson"] == {"target": "", "overwrite_keys": True, "expand_keys": True, "add_error_key": True}
    assert filebeat["processors"][0] == {"drop_event": {"when.not.equals": {"service.name": "hexaccount"}}}
    assert [name for name in filebeat if name.startswith("output.")] == ["output.logstash"]


def test_logstash_writes_to_the_data_stream_of_the_template() -> None:
    pipeline = logstash.read(elk.LOGSTASH.read_text())
    (beats,) = pipeline["input"]
    (elasticsearch,) = pipeline["output"]
    assert (beats.name, beats.settings["port"]) == ("beats", 5044)
    assert elasticsearch.name == "elasticsearch"
    settings = elasticsearch.settings
    parts = (settings["data_stream_type"], settings["data_stream_dataset"], settings["data_stream_namespace"])
    assert (settings["data_stream"], "-".join(parts)) == ("true", "logs-hexaccount-default")
    assert all("${ELASTICSEARCH_" in str(settings[name]) for name in ("hosts", "user", "password"))
    assert [type(step).__name__ for step in pipeline["filter"]] == ["Condition", "Plugin"]


@pytest.mark.parametrize(
    "broken", ["input { beats { port 5044 } }", "output { elasticsearch { }", "inputs { }", 'filter { x { a => "} }']
)
def test_an_invalid_logstash_configuration_is_rejected(broken: str) -> None:
    with pytest.raises(ValueError, match=r"expected|not a section"):
        logstash.read(broken)


def test_every_saved_search_uses_existing_fields_and_an_existing_view() -> None:
    views = {saved["id"] for saved in elk.saved_objects() if saved["type"] == "index-pattern"}
    searches = [saved for saved in elk.saved_objects() if saved["type"] == "search"]
    assert {search["id"] for search in searches} == {
        "hexaccount-failed-logins", "hexaccount-server-errors", "hexaccount-slow-requests", "hexaccount-one-request",
        "hexaccount-one-trace", "hexaccount-trouble", "hexaccount-security",
    }  # fmt: skip
    fields = elk.mapped_fields().keys()
    for search in searches:
        (reference,) = search["references"]
        source = elk.source_of(search)
        assert source["indexRefName"] == reference["name"]
        assert reference["id"] in views
        assert source["query"]["language"] == "lucene"
        named = elk.fields_of(source["query"]["query"])
        assert named
        assert named | set(search["attributes"]["columns"]) | {search["attributes"]["sort"][0][0]} <= fields
