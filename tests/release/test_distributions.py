"""The distributions of `tox -e build` are complete, and work outside of the checkout."""

import json
import re
import subprocess
import tarfile
import urllib.request
import zipfile
from pathlib import Path

from tests.release.conftest import serving

NO_EXTENSION = "passwords are hashed without the engine interleaved: its extension in C cannot be imported"


def in_git(root: Path, *places: str) -> set[str]:
    listed = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *places], cwd=root
    )
    return {name for name in listed.decode().splitlines() if (root / name).is_file()}


def check_it_serves(url: str, folder: Path) -> None:
    with urllib.request.urlopen(f"{url}/health", timeout=10) as response:
        assert json.load(response) == {"data": {"status": "up"}}
    with urllib.request.urlopen(f"{url}/api/v1/public/avatar/ada", timeout=10) as response:
        assert response.headers["Content-Type"] == "image/png"
    # The list of common passwords is package data.
    body = {
        "user_name": "ada",
        "first_name": "A",
        "last_name": "L",
        "email": "ada@example.org",
        "password": "password1",
    }
    request = urllib.request.Request(
        f"{url}/api/v1/public/register", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=20)
        refused = None
    except urllib.error.HTTPError as error:
        refused = json.load(error)
    assert refused is not None
    assert "password" in json.dumps(refused["errors"])
    assert {path.name for path in (folder / "hexaccount-data").iterdir()} >= {"hexaccount.db", "jwt.key"}


def test_the_wheel_contains_only_the_packages(wheel: Path, root: Path) -> None:
    sources = {
        name.removeprefix("adapters/")
        for name in in_git(root, "hexaccount", "adapters")
        if not name.endswith((".md", ".toml", ".c", ".h"))
    }
    sources.add("hexaccount_security/_interleaved_bcrypt.abi3.so")
    names = zipfile.ZipFile(wheel).namelist()
    packed = {name for name in names if ".dist-info/" not in name and not name.endswith("/")}
    assert packed == sources
    assert {name for name in packed if name.endswith("py.typed")} == {
        name for name in sources if name.endswith("py.typed")
    }


def test_the_source_distribution_contains_the_files_of_the_repository(sdist: Path, root: Path) -> None:
    with tarfile.open(sdist) as archive:
        packed = {member.name.split("/", 1)[1] for member in archive if member.isfile()}
    generated = {name for name in packed if name == "PKG-INFO" or ".egg-info/" in name}
    assert packed - generated == in_git(root)


def test_the_wheel_is_for_every_linux_and_python_that_is_supported(wheel: Path) -> None:
    _, _, python, abi, platforms = wheel.stem.split("-")
    assert (python, abi) == ("cp311", "abi3")
    assert re.search(r"\bmanylinux_2_17_", platforms)


def test_the_first_command_of_the_readme_serves_from_the_wheel(
    wheel: Path, folder: Path, first_command: str, environment: dict[str, str]
) -> None:
    assert " install . " in first_command
    command = first_command.replace(" install . ", f" install '{wheel}' ")
    with serving(command, folder=folder, environment=environment) as url:
        check_it_serves(url, folder)
    assert NO_EXTENSION not in (folder / "output").read_text(encoding="utf-8")


def test_the_first_command_of_the_readme_serves_from_the_source_distribution_without_a_compiler(
    sdist: Path, folder: Path, first_command: str, environment: dict[str, str]
) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = (path for path in folder.iterdir() if path.is_dir())
    with serving(first_command, folder=unpacked, environment={**environment, "CC": "false"}) as url:
        check_it_serves(url, unpacked)
    assert NO_EXTENSION in (unpacked / "output").read_text(encoding="utf-8")
