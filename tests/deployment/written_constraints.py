"""Writes constraints.txt: the versions that pip installs into an empty environment today."""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from tests.deployment.dockerfile import Dockerfile

ROOT = Path(__file__).parents[2]
HEAD = """# The versions that the image is built with (Dockerfile).
# Written by: python -m tests.deployment.written_constraints
"""


def main() -> None:
    """Install the packages of the image without constraints, and write the installed versions."""
    (built,) = [i.command for i in Dockerfile(ROOT / "Dockerfile").stages[0] if "pip wheel" in i.text]
    wanted = built.split()[-1].strip('"')
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [f"{folder}/bin/python", "-m", "pip"]
        subprocess.run([*pip, "install", "--quiet", wanted], cwd=ROOT, check=True)
        frozen = subprocess.check_output([*pip, "freeze", "--exclude", "hexaccount"], text=True)
    (ROOT / "constraints.txt").write_text(HEAD + frozen, encoding="utf-8")
    sys.stdout.write(frozen)


if __name__ == "__main__":
    main()
