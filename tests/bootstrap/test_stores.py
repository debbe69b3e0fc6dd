"""A store of another installed package is found by the scheme of its URL."""

import pytest

from hexaccount.bootstrap.http import serve_http
from hexaccount.bootstrap.plugins import STORES, PluginError
from hexaccount.bootstrap.program import SettingsProgram
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.bootstrap.stores import kind_of
from hexaccount_click.program import ConfigurationError
from hexaccount_memory import MemoryStore
from tests.bootstrap.planted_packages import PlantedPackages

MODULE = """
from hexaccount_memory import MemoryStore

def open_store(url, recorder, records):
    if url.endswith("nowhere"):
        raise ValueError("write it as planted://somewhere")
    return MemoryStore(recorder)
"""


def load(url: str) -> Settings:
    return load_settings(None, {"HEXACCOUNT_STORE": url})


def test_an_installed_store_is_opened_by_its_scheme(planted: PlantedPackages) -> None:
    planted.install("planted-store", STORES, MODULE, planted="open_store")
    with open_service(load("planted://somewhere")) as service:
        assert isinstance(service.store, MemoryStore)


def test_a_store_of_another_package_counts_as_persistent(planted: PlantedPackages) -> None:
    planted.install("planted-store", STORES, MODULE, planted="open_store")
    kind = kind_of(load("planted://somewhere"))
    assert (kind.persistent, kind.one_process) == (True, False)
    assert kind.file_path("planted://somewhere") is None
    assert kind.preload == ("planted_store",)


def test_a_package_can_declare_its_store_for_one_process(planted: PlantedPackages) -> None:
    planted.install("planted-store", STORES, f"{MODULE}\nopen_store.one_process = True", planted="open_store")
    with pytest.raises(ConfigurationError, match=r"^store: planted:// is one process; use --workers 1"):
        serve_http(load("planted://somewhere"), host="127.0.0.1", port=0, workers=2, echo=print)


def test_the_error_for_an_unknown_scheme_names_the_valid_ones_and_how_to_add_one(planted: PlantedPackages) -> None:
    planted.install("planted-store", STORES, MODULE, planted="open_store")
    with pytest.raises(SettingsError, match=r"^store: .*memory://, sqlite://.* planted://; .* hexaccount\.stores"):
        load("other://user:secret@somewhere")


def test_the_error_for_an_unknown_scheme_does_not_repeat_the_url(planted: PlantedPackages) -> None:
    with pytest.raises(SettingsError) as error:
        load("other://user:secret@somewhere")
    assert "secret" not in str(error.value)


def test_two_packages_with_one_scheme_are_rejected_by_name(planted: PlantedPackages) -> None:
    planted.install("one-store", STORES, MODULE, planted="open_store")
    planted.install("other-store", STORES, MODULE, planted="open_store")
    with pytest.raises(
        PluginError,
        match=r"^uninstall all but one of .* one-store 1 and other-store 1, .* planted of hexaccount\.",
    ):
        load("planted://somewhere")


def test_a_package_that_cannot_be_imported_is_rejected_with_the_reason(planted: PlantedPackages) -> None:
    planted.install("broken-store", STORES, "import nothing_of_this_name", planted="open_store")
    with pytest.raises(
        PluginError, match=r"uninstall the package broken-store 1: .* planted .*ModuleNotFoundError: .*nothing_of"
    ):
        load("planted://somewhere")


INCOMPLETE = """
from hexaccount_memory import MemoryStore
from hexaccount.events.ports import History

class Outbox:
    def claim(self, subscriber, limit, now): ...

class StubbedHistory(History):
    def find(self, event_id): ...

class IncompleteStore(MemoryStore):
    retention_store = None

    def __init__(self, recorder):
        super().__init__(recorder)
        self.retention_store, self.outbox, self.history = None, Outbox(), StubbedHistory()

def open_store(url, recorder, records):
    return IncompleteStore(recorder)
"""


@pytest.mark.parametrize("version", [None, 0])
def test_a_package_whose_store_is_incomplete_is_named_with_what_it_lacks(planted: PlantedPackages, version) -> None:
    more = "" if version is None else f"open_store.port_version = {version}"
    planted.install("old-store", STORES, f"{INCOMPLETE}\n{more}", planted="open_store")
    with pytest.raises(PluginError) as error, open_service(load("planted://user:secret@somewhere")):
        pass
    begin, _, end = str(error.value).partition(" lacks ")
    assert begin == (
        "upgrade, reinstall or uninstall the package old-store 1: "
        "its entry point planted of hexaccount.stores (old_store:open_store)"
    )
    lacking, _, written_for = end.partition("; it was written for ")
    methods = (
        "subscribe",
        "enqueue",
        "claim(subscriber, limit, now, lease, latest, after)",
        "hold",
        "acknowledge",
        "retry_later",
        "dead_letter",
        "release",
    )
    outbox = [f"outbox.{method}" for method in (*methods, "backlog")]
    history = [f"history.{method}" for method in ("page", "by_aggregate", "count")]
    assert lacking == ", ".join([*outbox, *history, "retention_store"])
    assert written_for == ("" if version is None else "version 0 of the port of stores, this is version 1")


def test_a_complete_store_for_another_version_of_the_port_is_refused(planted: PlantedPackages) -> None:
    planted.install("new-store", STORES, f"{MODULE}\nopen_store.port_version = 2", planted="open_store")
    with pytest.raises(PluginError, match=r"package new-store 1: .* version 2 of .*, this is version 1$"):
        open_service(load("planted://somewhere"))


def test_a_package_that_opens_no_store_is_named(planted: PlantedPackages) -> None:
    planted.install("empty-store", STORES, "def open_store(url, recorder, records): ...", planted="open_store")
    with pytest.raises(PluginError, match=r"package empty-store 1: .* lacks unit_of_work, check, .*outbox"):
        open_service(load("planted://somewhere"))


@pytest.mark.parametrize("fault", ["raise KeyError(url)", "return open_store(url)", "return url.nothing"])
def test_an_error_of_a_package_that_opens_its_store_is_its_own(planted: PlantedPackages, fault: str) -> None:
    planted.install(
        "faulty-store", STORES, f"def open_store(url, recorder, records):\n    {fault}", planted="open_store"
    )
    with pytest.raises(PluginError) as error:
        open_service(load("planted://user:secret@somewhere"))
    assert str(error.value).startswith(
        "upgrade, reinstall or uninstall the package faulty-store 1: "
        "its entry point planted of hexaccount.stores (faulty_store:open_store) cannot open a store ("
    )
    assert "secret" not in str(error.value)


def test_a_package_cannot_replace_a_built_in_store(planted: PlantedPackages) -> None:
    planted.install("hostile-store", STORES, "raise SystemExit", memory="open_store")
    with open_service(load("memory://")) as service:
        assert isinstance(service.store, MemoryStore)


@pytest.mark.parametrize("use", [SettingsProgram.bus, SettingsProgram.migrate])
def test_the_error_for_a_url_that_its_package_rejects_names_the_setting(
    planted: PlantedPackages, monkeypatch, use
) -> None:
    planted.install("planted-store", STORES, MODULE, planted="open_store")
    monkeypatch.setenv("HEXACCOUNT_STORE", "planted://nowhere")
    program = SettingsProgram()
    program.configure(None)
    with pytest.raises(ConfigurationError, match=r"^store: write it as planted://somewhere$"):
        use(program)
