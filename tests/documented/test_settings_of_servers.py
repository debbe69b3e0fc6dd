"""The tables of docs/operations.md on what the service sets and refuses are those of the code."""

import re
from collections.abc import Mapping

import pytest

from hexaccount_mongo import connections as mongo
from hexaccount_redis.client import _REMEDIES
from hexaccount_sql.connections import SQLITE_SETTINGS
from hexaccount_sql.postgres_session import UNBOUNDED
from hexaccount_sql.postgres_url import CHOSEN, FIXED, REPORTED
from tests.architecture.test_documents import ROOT

_NAME = re.compile(r"`(\w+)`")
SET = {
    "PostgreSQL": {*FIXED, *CHOSEN, "client_encoding"},
    "PostgreSQL, for `migrate` and to listen": set(UNBOUNDED),
    "PostgreSQL, `pooler=transaction`": {*REPORTED, "client_encoding"},
    "MongoDB": set(mongo.FIXED),
    "SQLite": set(SQLITE_SETTINGS),
    "Redis": {"AUTH", "SELECT"},
}


def rows() -> Mapping[str, str]:
    """Return the second cell of each row of the section by the first one."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.partition("## What the service sets and refuses\n")[2].partition("\n## ")[0]
    lines = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in section.splitlines() if line.startswith("| ")]
    return {line[0]: line[1] for line in lines}


@pytest.mark.parametrize("server", SET)
def test_what_is_set_is_what_the_table_says(server: str) -> None:
    assert set(_NAME.findall(rows()[server])) - {"options", "public"} == SET[server]


def test_what_is_refused_is_what_the_table_says() -> None:
    of_mongo = next(row for row in rows() if row.startswith("in that of a MongoDB"))
    assert set(_NAME.findall(of_mongo)) == set(mongo.WITHOUT_EFFECT)
    of_redis = next(row for row in rows() if row.startswith("a Redis user without"))
    assert of_redis.replace("\\", "") == f"a Redis user without `{_REMEDIES['NOPERM'].removeprefix('grant the user ')}`"
