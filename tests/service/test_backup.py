"""The backup and restore commands of docs/operations.md restore the service completely."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import requests

from tests.servers.postgres import temporary_database
from tests.servers.postgres_binaries import find_binaries
from tests.service.account import Account

pytestmark = pytest.mark.long

OPERATIONS = Path(__file__).parents[2] / "docs/operations.md"


def documented_commands(section: str) -> str:
    """Return the commands of docs/operations.md below the comment `section`."""
    found = re.search(rf"<!-- {section} -->\n```sh\n(.*?)```", OPERATIONS.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None, section
    return found[1]


def run(commands: str, folder: Path, **environment: str) -> None:
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=folder, env={**os.environ, **environment}, check=True
    )


def history(hexaccount: Callable[..., CompletedProcess[str]], **settings: str) -> str:
    return hexaccount("events", "list", "ada", "--json", **settings).stdout


def test_git_ignores_every_file_that_the_documented_commands_create(tmp_path: Path) -> None:
    shutil.copy(OPERATIONS.parents[1] / ".gitignore", tmp_path)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    for name in (
        "backup-1/jwt.key",
        "hexaccount-1.dump",
        "hexaccount-1.archive",
        "login.json",
        "hexaccount-data/jwt.key",
    ):
        subprocess.run(["git", "check-ignore", "--quiet", name], cwd=tmp_path, check=True)


def check_account_works(ada: Account, access: dict[str, str], url: str) -> None:
    """Check that the earlier session is valid, that the user can log in, and that the name is taken."""
    ada = Account(url, ada.name, ada.password)
    assert ada.get("/api/v1/me", access).status_code == 200
    assert ada.register().status_code == 409
    ada.log_in()


def test_a_sqlite_backup_made_while_the_service_runs_restores_it(serving, hexaccount, tmp_path: Path) -> None:
    with serving() as (_, url):
        ada = Account(url, "ada")
        assert ada.register().status_code == 201
        access = ada.log_in()
        # The signing key is in the database, encrypted with the key of the file.
        assert hexaccount("keys", "add", "--signs-after", "0").returncode == 0
        run(documented_commands("back up sqlite"), tmp_path)
        assert Account(url, "next").register().status_code == 201
        run(documented_commands("back up sqlite"), tmp_path)
        before = history(hexaccount)
        assert Account(url, "later").register().status_code == 201
    _, backup = sorted(tmp_path.glob("backup-*"))
    assert (backup / "hexaccount.db").stat().st_mode & 0o077 == 0
    shutil.rmtree(tmp_path / "hexaccount-data")
    run(documented_commands("restore sqlite"), tmp_path, BACKUP=backup.name)
    assert (tmp_path / "hexaccount-data").stat().st_mode & 0o077 == 0
    assert history(hexaccount) == before != ""
    with serving() as (_, url):
        check_account_works(ada, access, url)
        assert len(requests.get(f"{url}/.well-known/jwks.json", timeout=20).json()["keys"]) == 1
        assert Account(url, "next").register().status_code == 409, "registered before the second backup"
        assert Account(url, "later").register().status_code == 201, "registered after both backups"


def test_a_postgresql_dump_made_while_the_service_runs_restores_it(
    serving, hexaccount, tmp_path: Path, postgres_server: str
) -> None:
    tools = f"{find_binaries(None)}:{os.environ['PATH']}"
    key = {"HEXACCOUNT_JWT__KEY": "a key that is stored apart from the dump"}
    with temporary_database(postgres_server) as database:
        settings = {"HEXACCOUNT_STORE": database, **key}
        assert hexaccount("migrate", **settings).returncode == 0
        with serving(**settings) as (_, url):
            ada = Account(url, "ada")
            assert ada.register().status_code == 201
            access = ada.log_in()
            for _ in range(2):
                run(documented_commands("back up postgresql"), tmp_path, STORE=database, PATH=tools)
        before = history(hexaccount, **settings)
    _, dump = sorted(tmp_path.glob("hexaccount-*.dump"))
    assert dump.stat().st_mode & 0o077 == 0
    with temporary_database(postgres_server) as restored:
        settings = {"HEXACCOUNT_STORE": restored, **key}
        run(documented_commands("restore postgresql"), tmp_path, STORE=restored, DUMP=dump.name, PATH=tools)
        assert history(hexaccount, **settings) == before != ""
        with serving(**settings) as (_, url):
            check_account_works(ada, access, url)
