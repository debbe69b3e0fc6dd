import os
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

LAYERS = "Rooms depend downwards only: bootstrap, the adapters, the capabilities in one direction, the kernel"
MODELS = "Models know the kernel and other models only"
ADAPTERS = "No adapter knows another"
TECHNOLOGY = "The hexagon knows no technology"
INJECTOR = "Only bootstrap knows the dependency injector"


def verdicts(tree: Path) -> dict[str, bool]:
    """Return for each contract whether the tree keeps it."""
    lint = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'adapters'}", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = {
        name: verdict == "KEPT" for name, verdict in re.findall(r"^(.+?) (KEPT|BROKEN)\b", lint.stdout, re.MULTILINE)
    }
    assert found, lint.stdout + lint.stderr
    assert (lint.returncode == 0) == all(found.values())
    return found


def test_the_source_keeps_every_contract(source_tree: Path) -> None:
    assert verdicts(source_tree) == {LAYERS: True, MODELS: True, ADAPTERS: True, TECHNOLOGY: True, INJECTOR: True}


@pytest.mark.parametrize(
    ("file", "planted", "broken"),
    [
        ("hexaccount/kernel/aggregate.py", "hexaccount.accounts.role", LAYERS),
        ("hexaccount/accounts/get_user.py", "hexaccount.sessions.lifetimes", LAYERS),
        ("hexaccount/sessions/log_out.py", "hexaccount.passwords.password", LAYERS),
        ("hexaccount/events/relay.py", "hexaccount_memory", LAYERS),
        ("adapters/hexaccount_sql/store.py", "hexaccount.bootstrap.settings", LAYERS),
        ("hexaccount/bootstrap/logs.py", "hexaccount.conformance", LAYERS),
        ("hexaccount/accounts/user.py", "hexaccount.accounts.ports", MODELS),
        ("hexaccount/sessions/session.py", "hexaccount.accounts.get_user", MODELS),
        ("hexaccount/passwords/password.py", "hexaccount.kernel.unit_of_work", MODELS),
        ("adapters/hexaccount_flask/app.py", "hexaccount_sql", ADAPTERS),
        ("hexaccount/accounts/user.py", "sqlalchemy", TECHNOLOGY),
        ("hexaccount/passwords/log_in.py", "flask", TECHNOLOGY),
        ("adapters/hexaccount_memory/store.py", "dependency_injector.providers", INJECTOR),
    ],
)
def test_a_planted_violation_breaks_its_contract(source_tree: Path, file: str, planted: str, broken: str) -> None:
    victim = source_tree / file
    innocent = victim.read_text(encoding="utf-8")
    victim.write_text(f"{innocent}\nimport {planted}\n", encoding="utf-8")
    try:
        found = verdicts(source_tree)
    finally:
        victim.write_text(innocent, encoding="utf-8")
    assert [name for name, kept in found.items() if not kept] == [broken]


def test_the_contracts_name_every_package(setup: ConfigParser, root: Path) -> None:
    adapters = sorted(folder.parent.name for folder in (root / "adapters").glob("*/__init__.py"))
    (layers, independent, injector) = (
        setup["importlinter:contract:layers"]["layers"],
        setup["importlinter:contract:adapters"]["modules"],
        setup["importlinter:contract:injector"]["source_modules"],
    )
    assert setup["importlinter"]["root_packages"].split() == ["hexaccount", *adapters]
    rooms = sorted(f"hexaccount.{folder.parent.name}" for folder in (root / "hexaccount").glob("*/__init__.py"))
    hexagon = [
        room for room in rooms if room not in {"hexaccount.bootstrap", "hexaccount.conformance", "hexaccount.testing"}
    ]
    layered = [name for layer in layers.split("\n") for name in layer.split(" : ") if name]
    assert sorted(layered) == sorted([*rooms, *adapters])
    assert adapters in [layer.split(" : ") for layer in layers.split("\n")]
    assert independent.split() == adapters
    assert injector.split() == [*hexagon, *adapters]
    assert setup["importlinter:contract:technology"]["source_modules"].split() == hexagon


def test_the_contract_on_technology_names_every_requirement(setup: ConfigParser) -> None:
    modules = {
        "dependency-injector": "dependency_injector",
        "flask-swagger-ui": "flask_swagger_ui",
        "pyjwt": "jwt",
        "pillow": "PIL",
        "prometheus-client": "prometheus_client",
    }
    wanted = setup["options"]["install_requires"] + setup["options.extras_require"]["postgres"]
    requirements = re.findall(r"^([a-z0-9-]+)", wanted, re.MULTILINE)
    forbidden = setup["importlinter:contract:technology"]["forbidden_modules"].split()
    # The hexagon has the rules of domain names from `idna`, which is no technology.
    assert {modules.get(name, name) for name in requirements} - {"idna"} <= set(forbidden)
