"""The example of a capability from another package: installed by pip, used on every store, and uninstalled again."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.documented.plugin import described_by
from tests.examples.installed_examples import EXAMPLES, install, run, run_its_tests
from tests.people import PASSWORD, login_form, registration_form, registration_options
from tests.servers.mongo import temporary_mongo_database
from tests.servers.ports import free_port
from tests.servers.postgres import temporary_database
from tests.servers.processes import RunningCommand, console_command, without_coverage
from tests.service.scenario import wait_for

pytestmark = pytest.mark.long

WRITTEN, REMOVED = "hexaccount_notes.note.written.v1", "hexaccount_notes.note.removed.v1"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder into which pip has installed the example."""
    return install("hexaccount_notes", tmp_path_factory.mktemp("notes"))


@pytest.fixture
def plain() -> dict[str, str]:
    """Give an environment without the example."""
    return {
        **{name: value for name, value in without_coverage().items() if not name.startswith("HEXACCOUNT_")},
        "HEXACCOUNT_PASSWORD__COST": "4",
    }


@pytest.fixture
def environment(plain: dict[str, str], installed: Path) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(installed), plain.get("PYTHONPATH", "")]))
    return {**plain, "PYTHONPATH": path}


@pytest.fixture
def postgresql(postgres_server: str) -> Iterator[str]:
    with temporary_database(postgres_server) as url:
        yield url


@pytest.fixture
def mongodb(mongo_server: str) -> Iterator[str]:
    with temporary_mongo_database(mongo_server) as url:
        yield url


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/accounts.db"


def test_it_has_eight_files_and_names_no_store() -> None:
    files = list((EXAMPLES / "hexaccount_notes" / "hexaccount_notes").glob("*.py"))
    assert len(files) <= 8
    sources = "".join(file.read_text() for file in files)
    imported = {line.split()[1].partition(".")[0] for line in sources.splitlines() if line.startswith("from ")}
    stores = {"hexaccount_memory", "hexaccount_sql", "hexaccount_mongo", "sqlalchemy", "pymongo"}
    assert imported & stores == set()


@pytest.mark.parametrize(
    "stores", ["sqlite", pytest.param("sqlite postgresql mongodb", marks=pytest.mark.slow)], ids=["two", "all"]
)
def test_it_passes_the_kit_on_stores_and_its_own_tests(
    stores: str, environment: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    urls = ["memory://", *(request.getfixturevalue(name) for name in stores.split())]
    environment["HEXACCOUNT_NOTES_STORES"] = " ".join(urls)
    assert run_its_tests("hexaccount_notes", tmp_path, environment) > 35


@pytest.mark.parametrize(
    "store", ["sqlite", *(pytest.param(store, marks=pytest.mark.slow) for store in ("memory", "postgresql", "mongodb"))]
)
def test_it_is_served_described_and_uninstalled(
    store: str, environment: dict[str, str], plain: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    setting = {"HEXACCOUNT_STORE": "memory://" if store == "memory" else request.getfixturevalue(store)}
    with_notes = Hexaccount({**environment, **setting}, tmp_path)
    if store != "memory":
        with_notes.run("migrate")
        with_notes.run(*registration_options("admin", "--role", "admin"), typed=PASSWORD)
    with with_notes.serving() as api:
        note_id = write_and_remove_notes(api)
        assert_described(api)
        if store != "memory":
            admin = signed_in(api, "admin")
            users = {user["user_name"]: user["id"] for user in admin.get(f"{api}/api/v1/users").json()["data"]}
            assert note_id in admin.get(f"{api}/api/v1/users/{users['juliet']}/notes").text
    if store != "memory":
        listed = json.loads(with_notes.run("notes", "list", "juliet", "--json"))["data"]
        assert [note["text"] for note in listed] == ["kept", "Welcome, Juliet! Here is room for your notes."]
    if store == "sqlite":
        assert "  notes " in with_notes.run("--help")
        assert_its_events_do_no_harm(Hexaccount({**plain, **setting}, tmp_path))


def write_and_remove_notes(api: str) -> str:
    """Register juliet, write two notes and remove one, wait for the welcome, and return the id of the other note."""
    requests.post(f"{api}/api/v1/public/register", json=registration_form(), timeout=30).raise_for_status()
    juliet, path = signed_in(api, "juliet"), f"{api}/api/v1/me/notes"

    def texts() -> list[str]:
        return [note["text"] for note in juliet.get(path).json()["data"]]

    wait_for(lambda: len(texts()) == 1)
    kept, removed = (juliet.post(path, json={"text": text}).json()["data"]["id"] for text in ("kept", "removed"))
    assert texts()[:2] == ["removed", "kept"]
    assert juliet.delete(f"{path}/{removed}").status_code == 204
    assert texts() == ["kept", "Welcome, Juliet! Here is room for your notes."]
    return str(kept)


def assert_described(api: str) -> None:
    paths = requests.get(f"{api}/swagger.json", timeout=30).json()["paths"]
    assert {"get", "post"} == paths["/api/v1/me/notes"].keys()
    assert paths["/api/v1/users/{user_id}/notes"]["get"]["x-permission"] == "notes.read"
    events = requests.get(f"{api}/asyncapi.json", timeout=30).json()["components"]["messages"]
    assert {WRITTEN, REMOVED} < {message["name"] for message in events.values()}
    metrics = requests.get(f"{api}/metrics", timeout=30).text
    assert "hexaccount_notes_characters_count 2.0" in metrics
    # The two of juliet, and a welcome for each account.
    assert re.search(rf'hexaccount_events_total{{type="{re.escape(WRITTEN)}"}} [34]\.0', metrics)


def assert_its_events_do_no_harm(hexaccount: "Hexaccount") -> None:
    """Use a store with its events where it is not installed."""
    hexaccount.run("migrate")
    listed = json.loads(hexaccount.run("events", "list", "juliet", "--json"))["data"]
    assert [event["type"] for event in listed if event["type"].startswith("hexaccount_notes")] == [
        WRITTEN,
        WRITTEN,
        WRITTEN,
        REMOVED,
    ]
    hexaccount.run("events", "replay", "profiles", "--yes")
    assert "notes-welcome" in hexaccount.run("outbox", "subscribers")
    with hexaccount.serving() as api:
        assert signed_in(api, "juliet").get(f"{api}/api/v1/me/notes").status_code == 404
        assert requests.get(f"{api}/ready", timeout=30).status_code == 200
        assert WRITTEN not in requests.get(f"{api}/asyncapi.json", timeout=30).text
    assert "notes-welcome" in hexaccount.run("outbox", "unsubscribe", "notes-welcome", "--yes")


def signed_in(api: str, user_name: str) -> requests.Session:
    session = requests.Session()
    answer = session.post(f"{api}/api/v1/public/login", json=login_form(user_name), timeout=30)
    session.headers["Authorization"] = answer.headers["Authorization"]
    return session


class Hexaccount:
    """The program with an environment."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self.folder = folder

    def run(self, *arguments: str, typed: str = "") -> str:
        command = [*console_command("hexaccount"), *arguments]
        return run(command, env=self.environment, cwd=self.folder, input=typed)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve HTTP during the block, and give the URL."""
        port = free_port()
        api = f"http://127.0.0.1:{port}"
        argv = [*console_command("hexaccount"), "http", "--port", str(port)]
        with RunningCommand(argv, output=self.folder / "output", env=self.environment, cwd=self.folder) as command:
            command.wait_for_ok(f"{api}/ready", timeout=60)
            with described_by(requests.get(f"{api}/swagger.json", timeout=30).json()):
                yield api
