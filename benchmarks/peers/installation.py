"""Installs the peers' pinned packages, once for each state of the pins, in a folder outside the repository."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).with_name("programs")
_PINS = ("requirements.txt", "package-lock.json")


def install() -> Path:
    """Return a folder with the programs, `venv` and `node_modules`; raises SystemExit if node or npm is missing."""
    for command in ("node", "npm"):
        if not shutil.which(command):
            raise SystemExit(f"{command} is missing; install it with: apt-get install nodejs npm")
    folder = _cache() / _digest()
    complete = folder / "complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(PROGRAMS, folder)
        _install_packages(folder)
        complete.touch()
    shutil.copytree(PROGRAMS, folder, dirs_exist_ok=True)
    return folder


def _install_packages(folder: Path) -> None:
    python = folder / "venv" / "bin" / "python"
    for command in (
        [sys.executable, "-m", "venv", "venv"],
        # Compiled, so that no start that is measured compiles.
        [str(python), "-m", "pip", "install", "--quiet", "--compile", "--no-deps", "-r", "requirements.txt"],
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"],
    ):
        print(f"installing the peers: {' '.join(command)}", file=sys.stderr, flush=True)
        subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hexaccount-peers"


def _digest() -> str:
    pins = b"".join((PROGRAMS / name).read_bytes() for name in _PINS)
    return hashlib.sha256(pins + sys.version.encode()).hexdigest()[:16]
