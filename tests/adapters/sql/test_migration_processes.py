import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hexaccount
import hexaccount_sql
from hexaccount_sql import SqlStore
from hexaccount_sql.schema import SUPPORTED_VERSIONS
from tests.servers.processes import without_coverage

_MIGRATE = """
import sys
from hexaccount_sql.migration import migrate
sys.stdin.readline()
print(migrate(sys.argv[1]))
"""
_SERVE = """
import sys
from hexaccount.accounts.users import Users
from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_sql import SqlStore
from hexaccount_system import Uuid7Identifiers

store = SqlStore(sys.argv[1], records=record_schema(), recorder=EventRecorder(Uuid7Identifiers(), "urn:test"))
store.check()
with store.unit_of_work() as uow:
    Users(uow).page(limit=1, after=None)
store.close()
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_processes_that_migrate_concurrently_all_succeed(blank_url: str, open_store: Callable[[str], SqlStore]) -> None:
    processes = [python(_MIGRATE, blank_url) for _ in range(3)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in processes]
    assert [output for output, _ in answers] == [f"{SUPPORTED_VERSIONS[-1]}\n"] * 3
    assert all("the migration waits for" in line for _, errors in answers for line in errors.splitlines())
    open_store(blank_url).check()


def test_migrations_are_found_wherever_the_package_is_installed(
    tmp_path: Path, sqlite_url: str, open_store: Callable[[str], SqlStore]
) -> None:
    site = tmp_path / "site-packages"
    for package in (hexaccount, hexaccount_sql):
        origin = Path(package.__file__).parent
        shutil.copytree(origin, site / origin.name, ignore=shutil.ignore_patterns("__pycache__"))
    process = python(_MIGRATE, sqlite_url, path=[site], cwd=tmp_path)
    assert process.communicate("go\n", timeout=60) == (f"{SUPPORTED_VERSIONS[-1]}\n", "")
    open_store(sqlite_url).check()


def test_a_server_imports_no_alembic_and_only_the_driver_in_use(store: SqlStore) -> None:
    url = store._url
    imported, errors = python(_SERVE, url).communicate(timeout=60)
    assert errors == ""
    assert "alembic" not in imported.split()
    assert ("psycopg" in imported.split()) == url.startswith("postgresql")
    assert ("sqlite3" in imported.split()) == url.startswith("sqlite")


def python(
    code: str, *arguments: str, path: list[Path] | None = None, cwd: Path | None = None
) -> subprocess.Popen[str]:
    roots = path or [Path(package.__file__).parents[1] for package in (hexaccount, hexaccount_sql)]
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        env={**without_coverage(), "PYTHONPATH": os.pathsep.join(map(str, roots))},
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
