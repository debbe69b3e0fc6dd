import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def packages(root: Path) -> dict[str, Path]:
    """Return every package by its import name."""
    return {
        ".".join(file.parent.relative_to(source).parts): file.parent
        for source, folder in ((root, "hexaccount"), (root / "adapters", "."))
        for file in (source / folder).rglob("__init__.py")
    }


def roots_of(packages: dict[str, Path]) -> list[str]:
    return sorted(name for name in packages if "." not in name)


def pairs(text: str) -> dict[str, str]:
    lines = [line.partition("=") for line in text.split("\n") if line]
    return {name.strip(): value.strip() for name, _, value in lines}


def test_every_package_is_listed_and_every_listed_one_is_there(setup: ConfigParser, packages: dict[str, Path]) -> None:
    assert setup["options"]["packages"].split() == sorted(packages)


def test_every_package_is_mapped_to_the_folder_where_it_lies(
    setup: ConfigParser, packages: dict[str, Path], root: Path
) -> None:
    listed = pairs(setup["options"]["package_dir"])
    assert listed == {name: str(packages[name].relative_to(root)) for name in roots_of(packages)}


def test_every_package_has_its_types_and_declares_all_that_is_not_python(
    setup: ConfigParser, packages: dict[str, Path]
) -> None:
    declared = {name: patterns.split(", ") for name, patterns in setup["options.package_data"].items()}
    assert sorted(declared) == roots_of(packages)
    for name, patterns in declared.items():
        folder = packages[name]
        covered = [{file for file in folder.glob(pattern) if file.is_file()} for pattern in patterns]
        assert folder / "py.typed" in covered[0], name
        assert all(covered), name
        # An extension is packed once it is compiled; its sources are not.
        built = {".py", ".pyc", ".c", ".h", ".so"}
        there = {file for file in folder.rglob("*") if file.is_file() and file.suffix not in built}
        assert there == set().union(*covered), name


def test_every_package_is_type_checked_and_measured(root: Path, packages: dict[str, Path]) -> None:
    tools = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    all_roots = sorted([*roots_of(packages), "hexaccount_verifier"])
    assert tools["mypy"]["packages"] == all_roots
    assert tools["coverage"]["run"]["source_pkgs"] == all_roots


def test_the_verifier_is_a_distribution_of_its_own(root: Path, setup: ConfigParser, packages: dict[str, Path]) -> None:
    project = tomllib.loads((root / "verifier/pyproject.toml").read_text(encoding="utf-8"))["project"]
    (requirement,) = project["dependencies"]
    assert requirement.startswith("pyjwt[crypto]")
    assert requirement in setup["options"]["install_requires"].split("\n")
    assert project["version"] == setup["metadata"]["version"]
    assert (root / "verifier/LICENSE").read_text() == (root / "LICENSE").read_text()
    assert "hexaccount_verifier" not in packages


def test_every_folder_with_code_is_a_package(root: Path, packages: dict[str, Path]) -> None:
    folders = {file.parent for source in ("hexaccount", "adapters") for file in (root / source).rglob("*.py")}
    assert folders == set(packages.values())


def test_every_package_is_in_the_drawing(root: Path, packages: dict[str, Path]) -> None:
    drawing = (root / "docs/architecture.svg").read_text(encoding="utf-8")
    assert not [name for name in roots_of(packages) if name not in drawing]
