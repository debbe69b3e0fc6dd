"""Schemathesis sends real services requests that their API document allows, and many that it does not."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.people import registration_options
from tests.servers import forked
from tests.servers.ports import free_port
from tests.servers.postgres import temporary_database
from tests.servers.processes import console_command, without_coverage

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
PASSWORD = "compilers are fun to write"  # differs from that of the examples in the document, which change it
SETTINGS = {
    "HEXACCOUNT_JWT__KEY": "a key of the tests with Schemathesis, which is long enough",
    "HEXACCOUNT_PASSWORD__COST": "4",
    "HEXACCOUNT_LIMITS__FACTOR": "100000",
}
# Requests that are refused for their form are refused alike on every store.
WITH_ALL_FORMS = ["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "6"]
DEEPLY = ["--phases", "fuzzing,stateful", "--max-examples", "5"]
BRIEFLY = ["--phases", "fuzzing", "--max-examples", "3"]
FOR_LONG = ["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "300"]


@dataclass(frozen=True)
class Service:
    """A running service."""

    url: str
    store: str
    folder: Path

    def fuzz(self, *options: str, user_name: str | None = None) -> None:
        """Run Schemathesis as a user, or unauthenticated; fails with its output."""
        parts = ["checks.toml"] if user_name is None else ["checks.toml", "auth.toml"]
        config = self.folder / "schemathesis.toml"
        config.write_text("\n".join((Path(__file__).parent / part).read_text() for part in parts))
        argv = [*console_command("schemathesis"), "--config-file", str(config), "run", f"{self.url}/swagger.json"]
        argv += ["--checks", "all", "--seed", "1", "--no-color", "--generation-database", "none", *options]
        env = {
            **without_coverage(),
            "SCHEMATHESIS_HOOKS": "tests.fuzzing.hooks",
            "PYTHONPATH": str(ROOT),
            "HEXACCOUNT_TEST_USER_NAME": user_name or "",
            "HEXACCOUNT_TEST_PASSWORD": PASSWORD,
        }
        done = subprocess.run(argv, cwd=self.folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Run a service on each store, where Ada has an account and Grace is an admin."""
    folder = tmp_path_factory.mktemp("fuzzed")
    with ExitStack() as stack:
        if request.param == "sqlite":
            store = f"sqlite:///{folder}/accounts.db"
        else:
            store = stack.enter_context(temporary_database(request.getfixturevalue("postgres_server")))
        settings = {**SETTINGS, "HEXACCOUNT_STORE": store}
        run("migrate", settings=settings, folder=folder)
        for name, role in (("ada", "user"), ("grace", "admin")):
            run(*registration_options(name, role=role), settings=settings, folder=folder)
        port = free_port()
        argv = ["http", "--port", str(port)]
        url = f"http://127.0.0.1:{port}"
        command = stack.enter_context(forked.running(argv, output=folder / "output", env=settings, cwd=folder))
        command.wait_for_ok(f"{url}/ready", timeout=60)
        yield Service(url, request.param, folder)


def run(*arguments: str, settings: dict[str, str], folder: Path) -> None:
    done = forked.run(arguments, env={**os.environ, **settings}, cwd=folder, text=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_an_admin_gets_only_documented_responses(service: Service) -> None:
    service.fuzz(*(WITH_ALL_FORMS if service.store == "sqlite" else DEEPLY), user_name="grace")


def test_a_user_gets_only_documented_responses(service: Service) -> None:
    service.fuzz(*BRIEFLY, user_name="ada")


@pytest.mark.slow
def test_an_unauthenticated_client_gets_only_documented_responses(service: Service) -> None:
    service.fuzz(*BRIEFLY)


@pytest.mark.slow
@pytest.mark.parametrize("user_name", ["grace", "ada", None])
def test_long_runs_get_only_documented_responses(service: Service, user_name: str | None) -> None:
    service.fuzz(*FOR_LONG, user_name=user_name)
