"""The recipe of the image fits the package, and the rules of those who run containers."""

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

# Extras for those who develop, or write a store of their own.
NOT_TO_RUN = {"conformance", "test", "lint"}


@pytest.fixture(scope="module")
def setup(root: Path) -> ConfigParser:
    setup = ConfigParser()
    setup.read(root / "setup.cfg", encoding="utf-8")
    return setup


def requirements(text: str) -> list[Requirement]:
    return [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]


def extras_to_run(setup: ConfigParser) -> set[str]:
    return set(setup["options.extras_require"]) - NOT_TO_RUN


def pins(root: Path) -> dict[str, str]:
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def test_a_linter_has_nothing_to_say(root: Path) -> None:
    linter = Path(sys.executable).parent / "hadolint"
    ran = subprocess.run([linter, "--no-color", root / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


def test_it_has_the_newest_python_that_the_package_is_for(dockerfile: Dockerfile, setup: ConfigParser) -> None:
    named = re.findall(r"Python :: 3\.(\d+)$", setup["metadata"]["classifiers"], re.MULTILINE)
    assert dockerfile.python_version == f"3.{max(map(int, named))}"
    bases = [stage[0].text.split()[0] for stage in dockerfile.stages]
    assert set(bases) == {"python:${PYTHON_VERSION}-slim-bookworm"}


def test_every_driver_is_in_it(dockerfile: Dockerfile, setup: ConfigParser) -> None:
    (built,) = [i.command for i in dockerfile.stages[0] if "pip wheel" in i.text]
    (extras,) = re.findall(r'"\.\[([\w,]+)\]"', built)
    assert extras.split(",") == sorted(extras_to_run(setup))


def test_every_version_in_it_is_written_down_and_one_that_the_package_takes(root: Path, setup: ConfigParser) -> None:
    pinned = pins(root)
    direct = requirements(setup["options"]["install_requires"])
    for extra in extras_to_run(setup):
        direct += requirements(setup["options.extras_require"][extra])
    missing = [r.name for r in direct if canonicalize_name(r.name) not in pinned]
    assert not missing, "run: python -m tests.deployment.written_constraints"
    wrong = [str(r) for r in direct if not r.specifier.contains(pinned[canonicalize_name(r.name)])]
    assert not wrong, "run: python -m tests.deployment.written_constraints"


def test_it_runs_as_a_numbered_user_who_is_not_root(dockerfile: Dockerfile) -> None:
    uid, _, gid = dockerfile.last("USER").text.partition(":")
    assert int(uid) > 1000
    assert int(gid) > 1000


def test_what_it_runs_gets_signals_itself(dockerfile: Dockerfile) -> None:
    assert dockerfile.last("ENTRYPOINT").arguments == ["hexaccount"]
    assert dockerfile.last("CMD").arguments[0] == "http"
    assert dockerfile.last("HEALTHCHECK").arguments[0] == "python", "there is no curl in it"
    assert dockerfile.last("STOPSIGNAL").text == "SIGTERM"


def test_nothing_secret_is_copied_into_it(root: Path, dockerfile: Dockerfile) -> None:
    lines = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    let_in = {line.removeprefix("!") for line in rules if line.startswith("!")}
    assert rules[0] == "*"
    tools = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert tools["build-system"]["build-backend"] == "setuptools.build_meta"
    needed = {"hexaccount", "adapters", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "constraints.txt"}
    assert let_in == needed
    copied = [i.text for stage in dockerfile.stages for i in stage if i.keyword in {"COPY", "ADD"}]
    assert copied == [". .", "--from=build /opt/hexaccount /opt/hexaccount"]
    assert not [name for name in dockerfile.environment if re.search("KEY|SECRET|PASSW|TOKEN", name)]
