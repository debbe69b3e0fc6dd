"""The requests of `logs-setup` and `kibana-setup` of compose.prod.yaml, sent to a local listener."""

import base64
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@dataclass
class Listener:
    """Accepts every request, and records it with its user."""

    refused_path: str | None = None
    requests: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            user = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
            listener.requests.append((self.command, self.path, user, body))
            self.send_response(400 if self.path == listener.refused_path else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_PUT  # noqa: N815 - the name that http.server requires

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield listener
        server.shutdown()


def run(root: Path, script: str, secrets: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "SECRETS": str(secrets), **environment}
    argv = ["bash", str(root / "config" / script)]
    return subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_elasticsearch_gets_every_file_and_the_passwords_of_its_clients(
    listener: Listener, root: Path, secrets_folder: Path
) -> None:
    ran = run(root, "elasticsearch/setup.sh", secrets_folder, ELASTICSEARCH=listener.url)
    assert ran.returncode == 0, ran.stderr
    secret = {file.name: file.read_text().strip() for file in secrets_folder.iterdir()}
    assert {user for _, _, user, _ in listener.requests} == {f"elastic:{secret['elastic_password']}"}
    sent = {f"{method} {path}": json.loads(body) for method, path, _, body in listener.requests}
    assert sent["POST /_security/user/kibana_system/_password"] == {"password": secret["kibana_password"]}
    assert sent["PUT /_security/user/logstash_writer"] == {
        "password": secret["logstash_password"],
        "roles": ["logstash_writer"],
    }
    files = {
        f"PUT /{place}/{file.stem}": json.loads(file.read_text())
        for kind, place in (
            ("ingest_pipeline", "_ingest/pipeline"),
            ("ilm_policy", "_ilm/policy"),
            ("index_template", "_index_template"),
        )
        for file in (root / "config/elasticsearch" / kind).glob("*.json")
    }
    assert len(files) == len(list((root / "config/elasticsearch").glob("*/*.json"))) == 3
    assert files.items() <= sent.items()
    # The pipeline and the policy exist before the template that names them.
    order = [path for _, path, _, _ in listener.requests]
    assert order.index("/_index_template/logs-hexaccount") == len(order) - 1


def test_logstash_may_only_append_to_the_streams_of_the_template(root: Path) -> None:
    (template,) = (root / "config/elasticsearch/index_template").glob("*.json")
    script = (root / "config/elasticsearch/setup.sh").read_text()
    for pattern in json.loads(template.read_text())["index_patterns"]:
        assert f'"names": ["{pattern}"], "privileges": ["auto_configure", "create_doc"]' in script


def test_a_refused_request_fails_the_setup(listener: Listener, root: Path, secrets_folder: Path) -> None:
    listener.refused_path = "/_index_template/logs-hexaccount"
    ran = run(root, "elasticsearch/setup.sh", secrets_folder, ELASTICSEARCH=listener.url)
    assert ran.returncode != 0
    assert "400" in ran.stderr


def test_kibana_gets_the_saved_searches(listener: Listener, root: Path, secrets_folder: Path) -> None:
    ran = run(root, "kibana/setup.sh", secrets_folder, KIBANA=listener.url)
    assert ran.returncode == 0, ran.stderr
    ((method, path, user, body),) = listener.requests
    assert (method, path) == ("POST", "/api/saved_objects/_import?overwrite=true")
    assert user == f"elastic:{(secrets_folder / 'elastic_password').read_text().strip()}"
    (file,) = (root / "config/kibana").glob("*.ndjson")
    assert file.read_bytes() in body
