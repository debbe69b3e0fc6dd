"""The Dockerfile fits the package and follows the practices for containers."""

import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deployment.dockerfile import Dockerfile

# Extras for developers and for authors of stores.
DEVELOPMENT_EXTRAS = {"conformance", "test", "lint"}


@pytest.fixture(scope="module")
def setup(root: Path) -> ConfigParser:
    setup = ConfigParser()
    setup.read(root / "setup.cfg", encoding="utf-8")
    return setup


def requirements(text: str) -> list[Requirement]:
    return [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]


def runtime_extras(setup: ConfigParser) -> set[str]:
    return set(setup["options.extras_require"]) - DEVELOPMENT_EXTRAS


def pins(root: Path) -> dict[str, str]:
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def test_hadolint_finds_nothing(root: Path) -> None:
    linter = Path(sys.executable).parent / "hadolint"
    ran = subprocess.run([linter, "--no-color", root / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


def test_the_image_has_the_newest_supported_python(dockerfile: Dockerfile, setup: ConfigParser) -> None:
    named = re.findall(r"Python :: 3\.(\d+)$", setup["metadata"]["classifiers"], re.MULTILINE)
    assert dockerfile.python_version == f"3.{max(map(int, named))}"
    bases = [stage[0].text.split()[0] for stage in dockerfile.stages]
    assert bases == ["python:${PYTHON_VERSION}-bookworm", "python:${PYTHON_VERSION}-slim-bookworm"]


def test_the_image_has_every_driver(dockerfile: Dockerfile, setup: ConfigParser) -> None:
    (built,) = [i.command for i in dockerfile.stages[0] if "pip wheel" in i.text]
    (extras,) = re.findall(r'"\.\[([\w,]+)\]"', built)
    assert extras.split(",") == sorted(runtime_extras(setup))


def test_every_dependency_is_pinned_to_a_version_that_the_package_accepts(root: Path, setup: ConfigParser) -> None:
    pinned = pins(root)
    direct = requirements(setup["options"]["install_requires"])
    for extra in runtime_extras(setup):
        direct += requirements(setup["options.extras_require"][extra])
    missing = [r.name for r in direct if canonicalize_name(r.name) not in pinned]
    assert not missing, "run: python -m tests.deployment.written_constraints"
    wrong = [str(r) for r in direct if not r.specifier.contains(pinned[canonicalize_name(r.name)])]
    assert not wrong, "run: python -m tests.deployment.written_constraints"


def test_the_image_runs_as_a_numeric_user_other_than_root(dockerfile: Dockerfile) -> None:
    uid, _, gid = dockerfile.last("USER").text.partition(":")
    assert int(uid) > 1000
    assert int(gid) > 1000


def test_the_service_is_the_first_process_and_gets_signals(dockerfile: Dockerfile) -> None:
    assert dockerfile.last("ENTRYPOINT").arguments == ["hexaccount"]
    assert dockerfile.last("CMD").arguments[0] == "http"
    assert dockerfile.last("HEALTHCHECK").arguments[0] == "python", "the image has no curl"
    assert dockerfile.last("STOPSIGNAL").text == "SIGTERM"


def test_no_secret_is_copied_into_the_image(root: Path, dockerfile: Dockerfile) -> None:
    lines = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    included = {line.removeprefix("!") for line in rules if line.startswith("!")}
    assert rules[0] == "*"
    tools = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert tools["build-system"]["build-backend"] == "setuptools.build_meta"
    needed = {"hexaccount", "adapters", "setup.cfg", "setup.py", "pyproject.toml"}
    needed |= {"README.md", "LICENSE", "constraints.txt"}
    assert included == needed
    copied = [i.text for stage in dockerfile.stages for i in stage if i.keyword in {"COPY", "ADD"}]
    assert copied == [". .", "--from=build /opt/hexaccount /opt/hexaccount"]
    assert not [name for name in dockerfile.environment if re.search("KEY|SECRET|PASSW|TOKEN", name)]
