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
    assert (kind.persistent, kind.one_process, kind.local_rate_limits) == (True, False, False)
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
        PluginError, match=r"^uninstall all but one of .* one-store and other-store, .* planted of hexaccount\.stores"
    ):
        load("planted://somewhere")


def test_a_package_that_cannot_be_imported_is_rejected_with_the_reason(planted: PlantedPackages) -> None:
    planted.install("broken-store", STORES, "import nothing_of_this_name", planted="open_store")
    with pytest.raises(
        PluginError, match=r"uninstall the package broken-store: .* planted .*ModuleNotFoundError: .*nothing_of"
    ):
        load("planted://somewhere")


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
