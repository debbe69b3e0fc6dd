"""The remedy for a missing library is a command that works where hexaccount is installed."""

import json
from importlib import metadata
from pathlib import Path

import pytest

from hexaccount.bootstrap import installation
from hexaccount.bootstrap.installation import install_command

WHEEL = {"url": "file:///srv/hexaccount-0.1.0-py3-none-any.whl", "archive_info": {}}
CLONE = {"url": "file:///srv/my%20clone", "dir_info": {"editable": True}}
FOLDER = {"url": "file:///srv/clone", "dir_info": {}}
REPOSITORY = {"url": "https://example.org/hexaccount.git", "vcs_info": {"vcs": "git", "commit_id": "a1b2c3"}}


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an environment in which a package index and pip have installed hexaccount."""
    environment = tmp_path / "hexaccount"
    install(environment, monkeypatch)
    return environment


def install(prefix: Path, monkeypatch: pytest.MonkeyPatch, *, installer: str = "pip", origin: object = None) -> None:
    folder = prefix / "hexaccount-0.1.0.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "INSTALLER").write_text(f"{installer}\n")
    if origin:
        (folder / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.setattr(installation.sys, "prefix", str(prefix))
    monkeypatch.setattr(installation, "distribution", lambda _: metadata.Distribution.at(folder))


def test_pip_installs_what_pip_has_installed(prefix: Path) -> None:
    assert install_command("mongo") == "pip install 'hexaccount[mongo]'"


def test_uv_installs_what_uv_has_installed(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(prefix, monkeypatch, installer="uv")
    assert install_command("mongo") == "uv pip install 'hexaccount[mongo]'"


def test_pipx_has_an_environment_of_its_own(prefix: Path) -> None:
    (prefix / "pipx_metadata.json").write_text("{}")
    assert install_command("redis") == "pipx runpip hexaccount install 'hexaccount[redis]'"


def test_a_tool_of_uv_keeps_the_extras_that_it_has(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(prefix, monkeypatch, installer="uv")
    (prefix / "uv-receipt.toml").write_text("[tool]\nrequirements = [{ name = 'hexaccount', extras = ['redis'] }]\n")
    assert install_command("mongo") == "uv tool install 'hexaccount[mongo,redis]'"


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (CLONE, "pip install -e '/srv/my clone[kafka]'"),
        (FOLDER, "pip install 'hexaccount[kafka] @ file:///srv/clone'"),
        (WHEEL, "pip install 'hexaccount[kafka] @ file:///srv/hexaccount-0.1.0-py3-none-any.whl'"),
        (REPOSITORY, "pip install 'hexaccount[kafka] @ git+https://example.org/hexaccount.git@a1b2c3'"),
    ],
    ids=["clone", "folder", "wheel", "repository"],
)
def test_the_package_comes_from_where_it_came(
    prefix: Path, monkeypatch: pytest.MonkeyPatch, origin: object, command: str
) -> None:
    install(prefix, monkeypatch, origin=origin)
    assert install_command("kafka") == command
