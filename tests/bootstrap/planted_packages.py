"""Installed packages for a test: a module each, and its entry points."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hexaccount.bootstrap import capabilities, plugins, publishers, stores

_CACHES = (
    plugins._scan,
    stores._installed_kind,
    publishers._installed_kind,
    capabilities.all_capabilities,
    capabilities.record_schema,
)


class PlantedPackages:
    """A folder of installed packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, package: str, group: str, module: str, **objects: str) -> None:
        """Install a package of one module, with objects of it by the names of their entry points in `group`."""
        name = package.replace("-", "_")
        (self.folder / f"{name}.py").write_text(module)
        metadata = self.folder / f"{name}-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        entries = "".join(f"{entry} = {name}:{found}\n" for entry, found in objects.items())
        (metadata / "entry_points.txt").write_text(f"[{group}]\n{entries}")


@contextmanager
def planted_packages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlantedPackages]:
    """Give an empty folder of packages that are installed during the block."""
    monkeypatch.syspath_prepend(folder)
    forget_packages()
    yield PlantedPackages(folder)
    forget_packages()
    for module in folder.glob("*.py"):
        sys.modules.pop(module.stem, None)


def forget_packages() -> None:
    """Look for packages once more, as a new process does."""
    for cached in _CACHES:
        cached.cache_clear()
