"""Stores that are set up differently, as `migrate`, the doctor and `/ready` see them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from hexaccount.bootstrap.preparation import prepare, prepare_to_serve
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import Settings
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount.observability.diagnosis import Verdict
from hexaccount.observability.readiness import FailedCheck
from tests.bootstrap.findings import findings_of, settings_of
from tests.servers.postgres import temporary_database
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.usefixtures("folder")


def not_ready(settings: Settings) -> FailedCheck | None:
    with open_service(settings) as service:
        return service.readiness(lambda: False).check().failed


@pytest.mark.parametrize(
    "name", ["da#ta.db", "da%20ta.db", "da ta;x=1.db", "[data.db", "sub#folder/data.db", "daten-ü.db"]
)
def test_all_commands_use_the_file_that_the_url_names(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    for store in (f"sqlite:///{name}", f"sqlite:///{folder}/{name}"):
        settings = load_settings(None, {"HEXACCOUNT_STORE": store, "HEXACCOUNT_JWT__KEY": SIGNING_KEY})
        prepare(settings)
        assert prepare_to_serve(settings) == []
        assert findings_of(settings)["store"].verdict is Verdict.OK
    assert {path.relative_to(folder) for path in folder.rglob("*.db")} == {Path(name)}


def test_a_file_that_another_process_keeps_locked_is_unready(folder: Path) -> None:
    settings = settings_of("sqlite:///data.db")
    prepare(settings)
    with closing(sqlite3.connect(folder / "data.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not_ready(settings) is FailedCheck.STORE_UNREACHABLE
        finding = findings_of(settings)["store"]
        assert (finding.verdict, finding.message) == (
            Verdict.UNREACHABLE,
            "sqlite: another process keeps the store's file locked",
        )
        other.execute("ROLLBACK")
    assert not_ready(settings) is None


def test_a_database_that_cannot_hold_every_name_is_refused_everywhere(postgres_server: str) -> None:
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute("CREATE DATABASE hexaccount_test_ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
        try:
            settings = settings_of(urlsplit(postgres_server)._replace(path="/hexaccount_test_ascii").geturl())
            with pytest.raises(StoreRefused, match=r"CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'"):
                prepare(settings)
            finding = findings_of(settings)["store"]
            assert finding.verdict is Verdict.TO_DO
            assert finding.message.startswith("postgresql: the database has the encoding SQL_ASCII, which cannot hold")
            assert not_ready(settings) is FailedCheck.STORE_REFUSES
        finally:
            admin.execute("DROP DATABASE hexaccount_test_ascii WITH (FORCE)")


def test_libpq_s_other_scheme_names_the_same_store(postgres_server: str) -> None:
    with temporary_database(postgres_server) as url:
        settings = settings_of(url.replace("postgresql:", "postgres:"))
        prepare(settings)
        assert not_ready(settings) is None
        assert findings_of(settings)["store"].message == "postgresql: it answers"
