"""Commits wake other processes, and no commit waits for that."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from hexaccount_sql import SqlStore, commit_notifier
from hexaccount_sql.commit_notifier import COMMITS_CHANNEL


@pytest.fixture
def listening(postgresql: SqlStore) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgresql._url, autocommit=True) as connection:
        connection.execute(f"LISTEN {COMMITS_CHANNEL}")
        yield connection


def notifications(connection: psycopg.Connection[Any], *, timeout: float) -> int:
    """Return how many have arrived by the end of a pause of `timeout` seconds."""
    return len(list(connection.notifies(timeout=timeout)))


def test_a_store_that_is_closed_has_passed_on_its_last_commit(
    postgresql: SqlStore, listening: psycopg.Connection[Any], factory: Factory
) -> None:
    postgresql.outbox.subscribe("everything", ["*"])
    save(postgresql, factory.user())
    postgresql.close()
    assert notifications(listening, timeout=0.5) >= 1


def test_commits_that_follow_each_other_notify_once(
    postgresql: SqlStore, listening: psycopg.Connection[Any], factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_notifier, "_PAUSE", 3600)
    postgresql.outbox.subscribe("everything", ["*"])
    for _ in range(20):
        save(postgresql, factory.user())
    assert notifications(listening, timeout=0.5) == 1, "the first is passed on at once"
    postgresql.close()
    assert notifications(listening, timeout=0.5) == 1, "the others together"


def test_a_commit_without_deliveries_notifies_nobody(
    postgresql: SqlStore, listening: psycopg.Connection[Any], factory: Factory
) -> None:
    save(postgresql, factory.user())
    postgresql.close()
    assert notifications(listening, timeout=0.5) == 0
