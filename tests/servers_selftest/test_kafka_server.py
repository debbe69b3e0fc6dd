import os
import signal
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from tests.servers import kafka as servers
from tests.servers.kafka import (
    ENVIRONMENT_URL,
    KafkaMissing,
    KafkaServer,
    all_messages,
    answers,
    brokers_of,
    find_broker,
    running_kafka,
    temporary_topic,
    topic_of,
)
from tests.servers.processes import ServerNotReady


def test_messages_survive_a_restart_and_a_temporary_topic_is_deleted_after_its_block(tmp_path: Path) -> None:
    with KafkaServer(tmp_path) as server:
        with temporary_topic(server.url, partitions=2) as url:
            producer = Producer({"bootstrap.servers": brokers_of(url), "log_level": 0})
            for number in range(10):
                producer.produce(topic_of(url), str(number).encode(), str(number).encode())
            assert producer.flush(10) == 0
            del producer  # it would request its topic after the restart, and so create it
            pid = server.pid
            server.restart()
            assert server.pid != pid
            found = all_messages(url)
            assert {message.partition() for message in found} == {0, 1}
            assert sorted(message.value() or b"" for message in found) == [str(number).encode() for number in range(10)]
        listed = AdminClient({"bootstrap.servers": brokers_of(server.url), "log_level": 0}).list_topics(timeout=10)
        assert topic_of(url) not in listed.topics
    assert not answers(server.url)


def test_a_paused_broker_hangs_until_it_is_resumed(tmp_path: Path) -> None:
    with KafkaServer(tmp_path) as server:
        server.pause()
        assert not answers(server.url)
        server.resume()
        assert answers(server.url)


def test_a_stopped_broker_leaves_no_process(tmp_path: Path) -> None:
    with KafkaServer(tmp_path) as server:
        pid = server.pid
        server.stop()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def test_a_missing_broker_fails_and_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(KafkaMissing, match=r"pip install 'hexaccount\[test\]'"):
        find_broker()


def test_a_broker_named_by_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with KafkaServer(tmp_path) as server:
        monkeypatch.setenv(ENVIRONMENT_URL, server.url)
        with running_kafka(tmp_path) as given:
            assert given == server.url
    with pytest.raises(ServerNotReady, match="does not answer"), running_kafka(tmp_path):
        pass
