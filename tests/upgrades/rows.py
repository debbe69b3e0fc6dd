"""Reads every row of a store with its driver, whatever the version of the schema."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from pymongo import MongoClient

_VERSION_TABLES = {"alembic_version", "schema"}

Rows = Mapping[str, list[dict[str, Any]]]


def all_rows(url: str) -> Rows:
    """Return the sorted rows of every table, except the schema's version."""
    scheme = urlsplit(url).scheme
    found = {"sqlite": _of_sqlite, "postgresql": _of_postgresql, "mongodb": _of_mongodb}[scheme](url)
    return {name: sorted(rows, key=repr) for name, rows in found.items() if name not in _VERSION_TABLES}


def lost(before: Rows, after: Rows) -> list[str]:
    """Return the tables that have lost rows or values; additions are no loss."""
    remaining = {
        name: [{column: row.get(column) for column in old} for old, row in zip(rows, after.get(name, []), strict=False)]
        for name, rows in before.items()
    }
    return [name for name in before if remaining[name] != before[name] or len(after.get(name, [])) != len(before[name])]


def _of_sqlite(url: str) -> dict[str, list[dict[str, Any]]]:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.row_factory = sqlite3.Row
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in names}


def _of_postgresql(url: str) -> dict[str, list[dict[str, Any]]]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        statement = sql.SQL("SELECT * FROM {}")
        return {
            name["tablename"]: connection.execute(statement.format(sql.Identifier(name["tablename"]))).fetchall()
            for name in names
        }


def _of_mongodb(url: str) -> dict[str, list[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](url, uuidRepresentation="standard", tz_aware=True) as client:
        database = client.get_default_database()
        return {name: list(database[name].find()) for name in database.list_collection_names()}
