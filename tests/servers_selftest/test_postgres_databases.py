"""Databases on a server are created, cloned, separated and dropped."""

import psycopg
import pytest

from tests.servers.postgres import (
    PostgresServer,
    create_database,
    drop_database,
    temporary_database,
)


def names(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


def test_a_fresh_database_is_empty_and_answers(server: PostgresServer) -> None:
    with temporary_database(server.url) as database, psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_two_databases_share_nothing(server: PostgresServer, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE only_here ()")
    with temporary_database(server.url) as other, psycopg.connect(other) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)


def test_a_clone_has_what_its_template_had_and_not_the_other_way_round(server: PostgresServer, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE cloned AS SELECT 1 AS n")
    with temporary_database(server.url, template=database) as clone:
        with psycopg.connect(clone) as connection:
            assert connection.execute("UPDATE cloned SET n = 2 RETURNING n").fetchone() == (2,)
        with psycopg.connect(database) as connection:
            assert connection.execute("SELECT n FROM cloned").fetchone() == (1,)


def test_a_database_with_connections_can_be_dropped(server: PostgresServer) -> None:
    url = create_database(server.url)
    connection = psycopg.connect(url)
    drop_database(url)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()
    assert url.rpartition("/")[2] not in names(server.url)


def test_only_databases_of_create_database_are_dropped(server: PostgresServer) -> None:
    with pytest.raises(ValueError, match="not created by create_database"):
        drop_database(server.url)


def test_a_url_may_name_its_driver_and_carry_options(server: PostgresServer) -> None:
    url = server.url.replace("postgresql:", "postgresql+psycopg:") + "?application_name=x"
    with temporary_database(url) as database:
        assert database.startswith(f"postgresql+psycopg://postgres@127.0.0.1:{server.port}/hexaccount_test_")
        assert database.endswith("?application_name=x")
        assert database.rpartition("/")[2].partition("?")[0] in names(server.url)
