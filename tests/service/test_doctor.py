"""`hexaccount doctor` on servers that answer and servers that are paused."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.servers.kafka import KafkaServer, temporary_topic
from tests.servers.own_server import OwnServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.long


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[PostgresServer, RedisServer, KafkaServer]]:
    with PostgresServer(tmp_path) as postgres, RedisServer(tmp_path) as redis, KafkaServer(tmp_path) as kafka:
        yield postgres, redis, kafka


def test_the_doctor_reports_working_and_paused_servers_and_ends(
    servers: tuple[PostgresServer, RedisServer, KafkaServer], hexaccount: Callable[..., CompletedProcess[str]]
) -> None:
    postgres, redis, kafka = servers
    with ExitStack() as stack:
        topic = stack.enter_context(temporary_topic(kafka.url))
        settings = {
            "HEXACCOUNT_STORE": postgres.url,
            "HEXACCOUNT_CACHE": redis.url,
            "HEXACCOUNT_EVENTS": f'["{topic}"]',
            "HEXACCOUNT_JWT__KEY": SIGNING_KEY,
        }
        assert hexaccount("migrate", **settings).returncode == 0
        parts = [
            "settings",
            "key",
            "hashing",
            "store",
            "schema",
            "rate limits",
            "cache",
            f"events {topic}",
            "deliveries",
        ]
        parts += ["clock of store", "clock of cache"]
        assert verdicts(hexaccount("doctor", "--json", **settings)) == (0, dict.fromkeys(parts, "ok"))
        for server in servers:
            stack.callback(OwnServer.resume, server)
            server.pause()
        code, found = verdicts(hexaccount("doctor", "--json", **settings))
        assert code == 3
        assert {part for part, verdict in found.items() if verdict == "unreachable"} == {
            "store",
            "cache",
            f"events {topic}",
        }


def verdicts(done: CompletedProcess[str]) -> tuple[int, dict[str, str]]:
    assert "Traceback" not in done.stderr
    return done.returncode, {found["part"]: found["verdict"] for found in json.loads(done.stdout)["data"]}
