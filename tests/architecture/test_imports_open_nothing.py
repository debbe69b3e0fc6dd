import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ["hexaccount", *sorted(file.parent.name for file in (ROOT / "adapters").glob("*/__init__.py"))]

IMPORT_AND_WATCH = """
import importlib, json, os, pkgutil, sys, threading

done = []

def watch(event, args):
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        done.append(f"open {args[0]}")
    elif event in {"socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen", "os.mkdir",
                   "os.fork"}:
        done.append(event)

def start(thread, begin=threading.Thread.start):
    done.append(f"thread {thread.name}")
    begin(thread)

def opened():
    places = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
    return {place: os.readlink(place) for place in places if os.path.lexists(place)}

# It comes with the tests alone, and binds a socket to look for IPv6; python-socketio uses it where it is there.
sys.modules["requests"] = None
sys.addaudithook(watch)
threading.Thread.start = start
outcomes = {}
for package in sys.argv[1:]:
    done.clear()
    before = opened()
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        # Alembic runs the scripts of its environment itself; they are no modules.
        if not module.name.endswith(".env"):
            importlib.import_module(module.name)
    outcomes[package] = [*done, *("descriptor " + link for link in dict(opened().items() - before.items()).values())]
print(json.dumps(outcomes))
"""


def what_imports_do(packages: list[str], folder: Path, *, path: Path | None = None) -> dict[str, list[str]]:
    """Import packages and all their modules in a new process; return what each opened, made or started."""
    added = {"PYTHONPATH": str(path)} if path else {}
    outcome = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_AND_WATCH, *packages],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **added},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert list(folder.iterdir()) == [] or path
    return json.loads(outcome.stdout)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    return what_imports_do(PACKAGES, tmp_path_factory.mktemp("imports"))


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_opens_nothing(package: str, outcomes: dict[str, list[str]]) -> None:
    assert outcomes[package] == []


@pytest.mark.parametrize(
    "statement",
    [
        "import threading; threading.Thread(target=len, args=['']).start()",
        "import socket; listener = socket.create_server(('127.0.0.1', 0))",
        "import sqlite3; connection = sqlite3.connect(':memory:')",
        "from pathlib import Path; Path('made').write_text('x')",
        "from pathlib import Path; Path('made').mkdir()",
        "log = open('/dev/null')",
    ],
)
def test_an_import_that_opens_something_is_found(statement: str, tmp_path: Path) -> None:
    planted = tmp_path / "path" / "planted"
    planted.mkdir(parents=True)
    (planted / "__init__.py").touch()
    (planted / "work.py").write_text(f"{statement}\n")
    folder = tmp_path / "here"
    folder.mkdir()
    assert what_imports_do(["planted"], folder, path=planted.parent)["planted"]
