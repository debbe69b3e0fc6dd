"""Schemathesis asks real services all that their API document allows, and much that it does not."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import forked
from tests.servers.ports import free_port
from tests.servers.postgres import temporary_database
from tests.servers.processes import console_command, unmeasured

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
PASSWORD = "compilers are fun to write"  # and not that of the examples in the document, which change it
SETTINGS = {
    "HEXACCOUNT_JWT__KEY": "a key of the tests with Schemathesis, which is long enough",
    "HEXACCOUNT_PASSWORD__COST": "4",
    "HEXACCOUNT_LIMITS__FACTOR": "100000",
}
# What is refused for its form is so on every store.
WITH_ALL_FORMS = ["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "6"]
DEEPLY = ["--phases", "fuzzing,stateful", "--max-examples", "5"]
BRIEFLY = ["--phases", "fuzzing", "--max-examples", "3"]


@dataclass(frozen=True)
class Service:
    """A service that can be asked."""

    url: str
    store: str
    folder: Path

    def ask(self, *how: str, user_name: str | None = None) -> None:
        """Have Schemathesis ask it everything as somebody, or as nobody; fails with what it tells."""
        parts = ["checks.toml"] if user_name is None else ["checks.toml", "auth.toml"]
        config = self.folder / "schemathesis.toml"
        config.write_text("\n".join((Path(__file__).parent / part).read_text() for part in parts))
        argv = [*console_command("schemathesis"), "--config-file", str(config), "run", f"{self.url}/swagger.json"]
        argv += ["--checks", "all", "--seed", "1", "--no-color", "--generation-database", "none", *how]
        env = {
            **unmeasured(),
            "SCHEMATHESIS_HOOKS": "tests.fuzzing.hooks",
            "PYTHONPATH": str(ROOT),
            "HEXACCOUNT_TEST_USER_NAME": user_name or "",
            "HEXACCOUNT_TEST_PASSWORD": PASSWORD,
        }
        told = subprocess.run(argv, cwd=self.folder, env=env, capture_output=True, text=True, timeout=280, check=False)
        assert told.returncode == 0, told.stdout + told.stderr


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service on each store, where Ada has an account and Grace is an admin."""
    folder = tmp_path_factory.mktemp("asked")
    with ExitStack() as stack:
        if request.param == "sqlite":
            store = f"sqlite:///{folder}/accounts.db"
        else:
            store = stack.enter_context(temporary_database(request.getfixturevalue("postgres_server")))
        settings = {**SETTINGS, "HEXACCOUNT_STORE": store}
        run("migrate", settings=settings, folder=folder)
        for name, role in (("ada", "user"), ("grace", "admin")):
            names = ("--user-name", name, "--email", f"{name}@example.org", "--first-name", "A", "--last-name", "L")
            register = ["users", "register", *names, "--role", role, "--password-stdin"]
            run(*register, settings=settings, folder=folder)
        port = free_port()
        argv = ["http", "--port", str(port)]
        url = f"http://127.0.0.1:{port}"
        command = stack.enter_context(forked.running(argv, output=folder / "output", env=settings, cwd=folder))
        command.wait_for_ok(f"{url}/ready", timeout=60)
        yield Service(url, request.param, folder)


def run(*arguments: str, settings: dict[str, str], folder: Path) -> None:
    done = forked.run(arguments, env={**os.environ, **settings}, cwd=folder, text=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stderr


def test_an_admin_gets_no_answer_that_is_not_documented(service: Service) -> None:
    service.ask(*(WITH_ALL_FORMS if service.store == "sqlite" else DEEPLY), user_name="grace")


def test_a_person_gets_no_answer_that_is_not_documented(service: Service) -> None:
    service.ask(*BRIEFLY, user_name="ada")


def test_nobody_gets_an_answer_that_is_not_documented(service: Service) -> None:
    service.ask(*BRIEFLY)
