"""A store of another installed package is found by the scheme of its URL."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hexaccount.bootstrap.http import serve_http
from hexaccount.bootstrap.program import SettingsProgram
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.bootstrap.stores import _installed_kind, kind_of
from hexaccount_click.program import ConfigurationError
from hexaccount_memory import MemoryStore

MODULE = """
from hexaccount_memory import MemoryStore

def open_store(url, recorder, records):
    if url.endswith("nowhere"):
        raise ValueError("write it as planted://somewhere")
    return MemoryStore(recorder)
"""


class Planted:
    """A folder of installed packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, package: str, scheme: str, module: str = MODULE) -> None:
        """Install a package with a store of this scheme."""
        name = package.replace("-", "_")
        (self.folder / f"{name}.py").write_text(module)
        metadata = self.folder / f"{name}-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text(f"[hexaccount.stores]\n{scheme} = {name}:open_store\n")


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Planted]:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(folder)
    _installed_kind.cache_clear()
    yield Planted(folder)
    _installed_kind.cache_clear()
    for module in folder.glob("*.py"):
        sys.modules.pop(module.stem, None)


def load(url: str) -> Settings:
    return load_settings(None, {"HEXACCOUNT_STORE": url})


def test_an_installed_store_is_opened_by_its_scheme(planted: Planted) -> None:
    planted.install("planted-store", "planted")
    with open_service(load("planted://somewhere")) as service:
        assert isinstance(service.store, MemoryStore)


def test_a_store_of_another_package_counts_as_persistent(planted: Planted) -> None:
    planted.install("planted-store", "planted")
    kind = kind_of(load("planted://somewhere"))
    assert (kind.persistent, kind.one_process, kind.local_rate_limits) == (True, False, False)
    assert kind.file_path("planted://somewhere") is None
    assert kind.preload == ("planted_store",)


def test_a_package_can_declare_its_store_for_one_process(planted: Planted) -> None:
    planted.install("planted-store", "planted", f"{MODULE}\nopen_store.one_process = True")
    with pytest.raises(ConfigurationError, match=r"^store: planted:// is one process; use --workers 1"):
        serve_http(load("planted://somewhere"), host="127.0.0.1", port=0, workers=2, echo=print)


def test_the_error_for_an_unknown_scheme_names_the_valid_ones_and_how_to_add_one(planted: Planted) -> None:
    planted.install("planted-store", "planted")
    with pytest.raises(SettingsError, match=r"^store: .*memory://, sqlite://.* planted://; .* hexaccount\.stores"):
        load("other://user:secret@somewhere")


def test_the_error_for_an_unknown_scheme_does_not_repeat_the_url(planted: Planted) -> None:
    with pytest.raises(SettingsError) as error:
        load("other://user:secret@somewhere")
    assert "secret" not in str(error.value)


def test_two_packages_with_one_scheme_are_rejected_by_name(planted: Planted) -> None:
    planted.install("one-store", "planted")
    planted.install("other-store", "planted")
    with pytest.raises(
        SettingsError, match=r"^store: uninstall all but one of .* one-store and other-store, .* planted://"
    ):
        load("planted://somewhere")


def test_a_package_that_cannot_be_imported_is_rejected_with_the_reason(planted: Planted) -> None:
    planted.install("broken-store", "planted", "import nothing_of_this_name")
    with pytest.raises(
        SettingsError, match=r"^store: reinstall the package broken-store, .*ModuleNotFoundError: .*nothing_of"
    ):
        load("planted://somewhere")


def test_a_package_cannot_replace_a_built_in_store(planted: Planted) -> None:
    planted.install("hostile-store", "memory", "raise SystemExit")
    with open_service(load("memory://")) as service:
        assert isinstance(service.store, MemoryStore)


@pytest.mark.parametrize("use", [SettingsProgram.bus, SettingsProgram.migrate])
def test_the_error_for_a_url_that_its_package_rejects_names_the_setting(planted: Planted, monkeypatch, use) -> None:
    planted.install("planted-store", "planted")
    monkeypatch.setenv("HEXACCOUNT_STORE", "planted://nowhere")
    program = SettingsProgram()
    program.configure(None)
    with pytest.raises(ConfigurationError, match=r"^store: write it as planted://somewhere$"):
        use(program)
