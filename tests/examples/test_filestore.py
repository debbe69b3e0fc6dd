"""The example of a store from another package: installed by pip, found by its scheme, and killed."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tests.examples.installed_examples import EXAMPLES, install, run, run_its_tests
from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand, console_command, without_coverage

pytestmark = pytest.mark.long

EXAMPLE = EXAMPLES / "hexaccount_filestore"
PASSWORD = "a long and winding road"
JOURNALS = """
import json, sys
from hexaccount.accounts.users import Users
from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_filestore import open_store
from hexaccount_system import Uuid7Identifiers

store = open_store(sys.argv[1], EventRecorder(Uuid7Identifiers(), "urn:audit"), record_schema())
with store.unit_of_work() as uow:
    users = Users(uow).page(limit=100_000, after=None)
    print(json.dumps({str(user.id): [entry.type for entry in uow.journal.of("user", user.id)] for user in users}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder into which pip has installed the example."""
    return install("hexaccount_filestore", tmp_path_factory.mktemp("filestore"))


@pytest.fixture
def environment(installed: Path, tmp_path: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in without_coverage().items() if not name.startswith("HEXACCOUNT_")},
        "PYTHONPATH": os.pathsep.join(filter(None, [str(installed), os.environ.get("PYTHONPATH", "")])),
        "HEXACCOUNT_STORE": f"filestore://{tmp_path}/accounts.journal",
        "HEXACCOUNT_PASSWORD__COST": "4",
        "HEXACCOUNT_LIMITS__ENABLED": "false",
    }


def test_it_imports_none_of_the_built_in_stores() -> None:
    sources = "".join(file.read_text() for file in (EXAMPLE / "hexaccount_filestore").glob("*.py"))
    imported = {line.split()[1] for line in sources.splitlines() if line.startswith(("from ", "import "))}
    ours = {name for name in imported if name.startswith("hexaccount") and not name.startswith("hexaccount_filestore")}
    assert ours
    rooms = {name.split(".")[1] for name in ours}
    assert not rooms & {"bootstrap", "conformance"}


@pytest.mark.slow
def test_it_passes_the_conformance_kit_and_its_own_tests(environment: dict[str, str], tmp_path: Path) -> None:
    assert run_its_tests("hexaccount_filestore", tmp_path, environment) > 300


def test_it_is_for_one_process_at_a_time(environment: dict[str, str], tmp_path: Path) -> None:
    hexaccount = console_command("hexaccount")
    run([*hexaccount, "migrate"], env=environment, cwd=tmp_path)
    two_workers = subprocess.run(
        [*hexaccount, "http", "--port", str(free_port()), "--workers", "2"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (two_workers.returncode, two_workers.stderr) == (
        2,
        "error: store: filestore:// is one process; use --workers 1, or choose another store\n",
    )
    with serving(environment, tmp_path):
        refused = subprocess.run(
            [*hexaccount, "users", "list"],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert refused.returncode == 3
    assert "open in another process" in refused.stderr
    run([*hexaccount, "users", "list"], env=environment, cwd=tmp_path)


def test_every_acknowledged_registration_survives_kill_9_with_its_event(
    environment: dict[str, str], tmp_path: Path
) -> None:
    run([*console_command("hexaccount"), "migrate"], env=environment, cwd=tmp_path)
    acknowledged: dict[str, str] = {}
    chance = random.Random(3)
    for number in range(4):
        with serving(environment, tmp_path) as (command, url), ThreadPoolExecutor(3) as clients:
            sent = [clients.submit(register_until_killed, url, f"r{number}c{client}") for client in range(3)]
            time.sleep(0.3 + chance.random())
            command.kill()
            found = [future.result() for future in sent]
        assert any(found), f"no user was registered before kill {number}"
        for each in found:
            acknowledged |= each
    with serving(environment, tmp_path) as (command, url):
        for name in chance.sample(sorted(acknowledged), 10):
            body = {"user_name": name, "password": PASSWORD}
            assert requests.post(f"{url}/api/v1/public/login", json=body, timeout=20).status_code == 200
    output = run([sys.executable, "-c", JOURNALS, environment["HEXACCOUNT_STORE"]], env=environment, cwd=tmp_path)
    journals = json.loads(output)
    registered = ["hexaccount.user.registered.v1"]
    assert [user_id for user_id in acknowledged.values() if journals.get(user_id) != registered] == []


@contextmanager
def serving(environment: dict[str, str], folder: Path) -> Iterator[tuple[RunningCommand, str]]:
    """Serve on the example's store during the block."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    argv = [*console_command("hexaccount"), "http", "--port", str(port)]
    with RunningCommand(argv, output=folder / "output", env=environment, cwd=folder) as command:
        command.wait_for_ok(f"{url}/ready", timeout=60)
        yield command, url


def register_until_killed(url: str, prefix: str) -> dict[str, str]:
    """Register users until the server is killed, and return the acknowledged ids by name."""
    acknowledged = {}
    with suppress(requests.RequestException), requests.Session() as session:
        for number in range(100_000):
            name = f"{prefix}n{number}"
            body = {"user_name": name, "email": f"{name}@example.org", "first_name": "Ada", "last_name": "L"}
            answer = session.post(f"{url}/api/v1/public/register", json={**body, "password": PASSWORD}, timeout=20)
            assert answer.status_code == 201, answer.text
            acknowledged[name] = answer.json()["data"]["id"]
    return acknowledged
