"""Examples as pip installs them, beside the package, and programs that run with them."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers.processes import without_coverage

EXAMPLES = Path(__file__).parents[2] / "examples"


def install(name: str, folder: Path) -> Path:
    """Have pip install an example, and return the folder with its packages."""
    unbuilt = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
    shutil.copytree(EXAMPLES / name, folder / "source", ignore=unbuilt)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    run([*pip, "--target", folder / "site", folder / "source"], env=without_coverage())
    return folder / "site"


def install_from_npm(name: str, folder: Path) -> Path:
    """Copy an example into a folder, have npm install its packages there, and return the copy."""
    copy = folder / name
    shutil.copytree(EXAMPLES / name, copy, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"], cwd=copy)
    return copy


def run_its_tests(name: str, folder: Path, environment: dict[str, str]) -> int:
    """Run the tests of an example on the installed package, not on its source; return how many have passed."""
    shutil.copytree(EXAMPLES / name / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(EXAMPLES / name / "pyproject.toml", folder)
    output = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], env=environment, cwd=folder)
    return int(output.splitlines()[-1].split()[0])


def run(argv: list[str | Path], **options) -> str:
    """Return the output of a program, which has to succeed."""
    outcome = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False, **options)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout
