"""What is not needed to serve is not imported before it is used: each module costs time and memory in every worker."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.processes import without_coverage

OPEN = """
import json, sys
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings

service = open_service(Settings(store=sys.argv[1], jwt=JwtSettings(key="a key for tests, which is long enough")))
"""
MIGRATE = OPEN + "service.store.migrate()"
START = (
    OPEN
    + """
from hexaccount_flask import create_app

if not sys.argv[1].startswith("postgresql:"):  # where no server runs
    service.check()
ready, keys = service.readiness(lambda: False).check, service.published_keys
parts = {"bus": service.bus, "artist": service.artist, "published_keys": keys, "metrics": bytes}
create_app(**parts, readiness=ready)
print(json.dumps(sorted(sys.modules)))
"""
)

NEVER_AT_START = [
    "PIL",
    "alembic",
    "babel",
    "confluent_kafka",
    "cryptography",
    "flask_swagger_ui",
    "hexaccount.bootstrap.console",
    "hexaccount.bootstrap.installation",
    "hexaccount.conformance",
    "hexaccount_click",
    "hexaccount_flask.web.openapi",
    "hexaccount_granian",
    "hexaccount_kafka",
    "hexaccount_mail_templates",
    "hexaccount_otel",
    "hexaccount_security.common_words",
    "hexaccount_sql.listener",
    "hexaccount_sql.postgres_writer",
    "hexaccount_structlog",
    "hexaccount_webhooks",
    "hypothesis",
    "jwt",
    "kafka",
    "mako",
    "opentelemetry",
    "prometheus_client",
    "psycopg",
    "psycopg_binary",
    "pymongo",
    "pytest",
    "redis",
    "requests",
    "rich",
    "setuptools",
    "sqlalchemy.dialects.mysql",
    "sqlalchemy.dialects.oracle",
    "sqlalchemy.orm",
    "sqlalchemy.testing",
    "standardwebhooks",
    "structlog",
    "unittest",
    "zxcvbn",
]
NEVER_ON_MEMORY = ["hexaccount_sql", "sqlalchemy", "sqlite3"]
NEVER_ON_SQLITE = ["hexaccount_memory.store", "hexaccount_sql.rate_limits", "sqlalchemy.dialects.postgresql"]
NEVER_ON_POSTGRESQL = ["hexaccount_memory.store", "hexaccount_sql.sqlite_writer", "sqlalchemy.dialects.sqlite"]


@pytest.fixture(scope="module")
def modules_on(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("start")
    known: dict[str, set[str]] = {}

    def modules(store: str) -> set[str]:
        def run(program: str) -> str:
            command = [sys.executable, "-c", program, store]
            return subprocess.check_output(command, cwd=folder, env=without_coverage(), text=True, timeout=60)

        if store not in known:
            if store.startswith("sqlite:"):
                run(MIGRATE)
            known[store] = set(json.loads(run(START)))
        return known[store]

    return modules


@pytest.mark.parametrize("store", ["memory://", "sqlite:///accounts.db", "postgresql://localhost/accounts"])
def test_what_is_needed_is_imported(modules_on, store: str) -> None:
    assert {"hexaccount_flask", "hexaccount_security", "flask", "bcrypt"} <= modules_on(store)


@pytest.mark.parametrize("module", [*NEVER_AT_START, *NEVER_ON_MEMORY])
def test_a_start_on_memory_does_not_import(modules_on, module: str) -> None:
    assert module not in modules_on("memory://")


@pytest.mark.parametrize("module", [*NEVER_AT_START, *NEVER_ON_SQLITE])
def test_a_start_on_sqlite_does_not_import(modules_on, module: str) -> None:
    assert module not in modules_on("sqlite:///accounts.db")


@pytest.mark.parametrize("module", NEVER_ON_POSTGRESQL)
def test_a_start_on_postgresql_does_not_import(modules_on, module: str) -> None:
    assert module not in modules_on("postgresql://localhost/accounts")


def test_every_module_of_ours_on_the_list_exists(root: Path) -> None:
    names = [*NEVER_AT_START, *NEVER_ON_SQLITE, *NEVER_ON_POSTGRESQL]
    for module in (name for name in names if name.startswith("hexaccount")):
        parts = Path(*module.split("."))
        places = [root / parts, root / "adapters" / parts]
        assert any(place.with_suffix(".py").is_file() or (place / "__init__.py").is_file() for place in places)


def test_serving_prints_no_table(tmp_path: Path) -> None:
    program = "import sys; import hexaccount_click.service; print('wcwidth' in sys.modules)"
    output = subprocess.check_output([sys.executable, "-c", program], cwd=tmp_path, env=without_coverage(), text=True)
    assert output == "False\n"
