"""The previous release and this one serve together, without a failed request, while the schema is migrated.

The migration is a planted one, so the test holds whether or not the two releases have the same schema.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tests.chaos.callers import Answers, calling
from tests.servers.ports import free_port
from tests.servers.postgres import temporary_database
from tests.servers.processes import RunningCommand, answers_ok, console_command, without_coverage
from tests.signing_key import SIGNING_KEY
from tests.upgrades.planted_migration import INDEX
from tests.upgrades.previous_release import Release, unpack_previous_release

pytestmark = pytest.mark.long

_ROOT = Path(__file__).parents[2]
CALLERS = 2
EVENTS_BEFORE = 50_000
"""Enough that building an index takes a moment."""
REQUESTS_AFTERWARDS = 20

Start = Callable[[Release | None], str]
Run = Callable[[Release | None], str]


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return unpack_previous_release(tmp_path_factory.mktemp("previous"))


@pytest.fixture
def url(postgres_server: str) -> Iterator[str]:
    with temporary_database(postgres_server) as url:
        yield url


@pytest.fixture
def environment(url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    # Coverage is off: the sources of the previous release do not count, and this one is slow enough.
    for name in os.environ.keys() - without_coverage().keys():
        monkeypatch.delenv(name)
    return {
        "HEXACCOUNT_STORE": url,
        "HEXACCOUNT_JWT__KEY": SIGNING_KEY,
        "HEXACCOUNT_PASSWORD__COST": "4",
        "HEXACCOUNT_LIMITS__ENABLED": "false",
    }


@pytest.fixture
def migrate(environment: dict[str, str], tmp_path: Path) -> Run:
    """Give a function that runs `migrate` of a release, or else of this one with a second migration planted."""

    def run(release: Release | None) -> str:
        planted = [sys.executable, "-m", "tests.upgrades.planted_migration"]
        argv = [*(release.command if release else planted), "migrate"]
        env = {**os.environ, **environment, **(release.environment if release else {"PYTHONPATH": str(_ROOT)})}
        done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Give a function that starts a server of a release, or else of this one, and returns its address."""
    with ExitStack() as running:

        def start(release: Release | None = None) -> str:
            port = free_port()
            argv = [*(release.command if release else console_command("hexaccount")), "http", "--port", str(port)]
            env = {**environment, **(release.environment if release else {})}
            command = RunningCommand(argv, output=tmp_path / f"output-{port}", env=env, cwd=tmp_path)
            running.enter_context(command)
            command.wait_for_ok(f"http://127.0.0.1:{port}/ready", timeout=60)
            return f"http://127.0.0.1:{port}"

        yield start


def test_the_previous_release_runs_its_own_code(previous: Release, tmp_path: Path) -> None:
    files = subprocess.run(
        [
            sys.executable,
            "-c",
            "import hexaccount, hexaccount_sql; print(hexaccount.__file__, hexaccount_sql.__file__)",
        ],
        env={**os.environ, **previous.environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.split()
    assert [Path(file).is_relative_to(previous.folder) for file in files] == [True, True]


def test_both_releases_serve_without_a_failure_while_the_schema_is_migrated(
    url: str, previous: Release, migrate: Run, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrate(previous) == "the schema is version 0001"
    fill_journal(url)
    before, now = start(previous), start(None)
    with calling([before, now], callers=CALLERS) as answers:
        wait_for_answers(answers, [before, now])
        began, count = time.monotonic(), sum(answers.by_address.values())
        assert migrate(None) == "the schema is version 0002"
        seconds, meanwhile = time.monotonic() - began, sum(answers.by_address.values()) - count
        wait_for_answers(answers, [before, now])
        # A rollback to the previous release leaves the schema as it is.
        assert migrate(previous) == "the schema is version 0002"
        wait_for_answers(answers, [before, now])
        assert [answers_ok(f"{address}/ready") for address in (before, now)] == [True, True]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{sum(answers.by_address.values())} requests, {meanwhile} of them in the {seconds:.1f} s of migrating\n"
        )
    assert (answers.failures, answers.refused) == ([], {})
    assert meanwhile > 0
    with psycopg.connect(url) as connection:
        (valid,) = connection.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass", [INDEX]
        ).fetchone() or (None,)
        stored = {str(user_id) for (user_id,) in connection.execute("SELECT id FROM users")}
    assert valid
    assert stored >= set(answers.registered)


def fill_journal(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO journal"
            " (aggregate, aggregate_id, sequence, id, type, source, subject, time, dataschema, actor, data)"
            " SELECT 'ancient', gen_random_uuid(), 1, gen_random_uuid(), 'hexaccount.test.' || number %% 10,"
            " 'urn:test', gen_random_uuid(), now(), 'urn:test', 'service', '{}' FROM generate_series(1, %s) AS number",
            [EVENTS_BEFORE],
        )


def wait_for_answers(answers: Answers, addresses: list[str]) -> None:
    """Return once each address has answered REQUESTS_AFTERWARDS more requests; fails at the first failed request."""
    wanted = {address: answers.by_address[address] + REQUESTS_AFTERWARDS for address in addresses}
    while any(answers.by_address[address] < count for address, count in wanted.items()):
        assert (answers.failures, answers.refused) == ([], {})
        time.sleep(0.01)
