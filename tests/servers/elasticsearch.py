import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import requests

from tests.servers.kafka import find_broker
from tests.servers.own_server import OwnServer
from tests.servers.processes import ServerNotReady

ENVIRONMENT_URL = "HEXACCOUNT_TEST_ELASTICSEARCH_URL"
_PATIENCE = 10.0


class Elasticsearch:
    """A client of a server with the API of Elasticsearch."""

    def __init__(self, url: str, *, has_lifecycles: bool) -> None:
        self._url = url
        self.has_lifecycles = has_lifecycles

    def put(self, path: str, document: Path) -> None:
        """Put a file of this project; the server must acknowledge it."""
        answer = requests.put(f"{self._url}/{path}", json=json.loads(document.read_text()), timeout=_PATIENCE)
        assert answer.json() == {"acknowledged": True}, answer.text

    def append(self, stream: str, documents: Iterable[Any]) -> list[dict[str, Any]]:
        """Append documents to a data stream, and return the errors."""
        lines = [line for document in documents for line in ({"create": {}}, document)]
        answer = requests.post(
            f"{self._url}/{stream}/_bulk?refresh=true",
            data="".join(json.dumps(line) + "\n" for line in lines),
            headers={"Content-Type": "application/x-ndjson"},
            timeout=_PATIENCE,
        )
        assert answer.ok, answer.text
        return [item["create"]["error"] for item in answer.json()["items"] if "error" in item["create"]]

    def search(self, stream: str, query: str) -> list[dict[str, Any]]:
        """Return the documents that match a query in Lucene's syntax."""
        body = {"query": {"query_string": {"query": query}}, "size": 1000}
        answer = requests.post(f"{self._url}/{stream}/_search", json=body, timeout=_PATIENCE)
        assert answer.ok, answer.text
        return [hit["_source"] for hit in answer.json()["hits"]["hits"]]

    def delete(self, stream: str) -> None:
        """Delete a data stream, if it is there."""
        requests.delete(f"{self._url}/_data_stream/{stream}", timeout=_PATIENCE)


class ElasticsearchServer(OwnServer):
    """A server of the package noida-db, which implements the API without lifecycles."""

    title = "Elasticsearch"
    environment: ClassVar[Mapping[str, str]] = {"PATH": os.defpath}

    @property
    def url(self) -> str:
        """The URL of its API."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str | Path]:
        """Return its command line."""
        ports = ["--elasticsearch-port", str(self.port)]
        return [find_broker(), "start", "--data-dir", self.data, "--only", "elasticsearch", *ports]

    def answers(self) -> bool:
        """Return whether it answers."""
        return answers(self.url)


def answers(url: str) -> bool:
    """Return whether a server answers."""
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


@contextlib.contextmanager
def running_elasticsearch(directory: Path) -> Iterator[Elasticsearch]:
    """Yield the server of HEXACCOUNT_TEST_ELASTICSEARCH_URL, else start one for the block."""
    if url := os.environ.get(ENVIRONMENT_URL):
        if not answers(url):
            raise ServerNotReady(f"the server that {ENVIRONMENT_URL} names does not answer", url)
        yield Elasticsearch(url.rstrip("/"), has_lifecycles=True)
    else:
        with ElasticsearchServer(directory) as server:
            yield Elasticsearch(server.url, has_lifecycles=False)
