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
                   "os.fork", "_thread.start_new_thread"}:
        done.append(event)

importlib.import_module(sys.argv[1])
package = sys.modules[sys.argv[1]]
before = set(os.listdir("/proc/self/fd"))
sys.addaudithook(watch)
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    # Alembic runs the scripts of its environment itself; they are no modules.
    if not module.name.endswith(".env"):
        importlib.import_module(module.name)
if threading.active_count() > 1:
    done.append("threads")
done += ["descriptor " + os.readlink(f"/proc/self/fd/{fd}") for fd in set(os.listdir("/proc/self/fd")) - before
         if os.path.exists(f"/proc/self/fd/{fd}")]
print(json.dumps(done))
"""


def what_an_import_does(package: str, folder: Path, *, path: Path | None = None) -> list[str]:
    """Import a package and all its modules in a process of their own; return what they opened, made or started."""
    added = {"PYTHONPATH": str(path)} if path else {}
    outcome = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_AND_WATCH, package],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **added},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    return [*json.loads(outcome.stdout), *(file.name for file in folder.iterdir())]


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_opens_nothing(package: str, tmp_path: Path) -> None:
    assert what_an_import_does(package, tmp_path) == []


@pytest.mark.parametrize(
    "statement",
    [
        "import threading, time; threading.Thread(target=time.sleep, args=(1,), daemon=True).start()",
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
    assert what_an_import_does("planted", folder, path=planted.parent)
