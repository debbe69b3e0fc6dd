"""Marks tests by what they need, and selects those of the inner loop where a run names neither tests nor markers."""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

INNER_LOOP = "not servers and not browser and not long and not slow"
STORES = ("memory", "memory+redis", "sqlite", "postgresql", "mongodb")

_SERVER_FIXTURES = frozenset({"kafka_server", "mongo_server", "postgres_server", "redis_server"})
# Parameters of tests for which a fixture requests a server's fixture by its name.
_SERVER_PARAMETERS = frozenset({"memory+redis", "mongodb", "postgresql"})
# Nothing in these folders is of the inner loop, which need not import them.
_SERVER_FOLDERS = (
    "adapters/mongo", "adapters/redis", "chaos", "examples", "fuzzing", "monitoring",
    "servers_selftest", "service", "side_by_side", "upgrades",
)  # fmt: skip
# They run in the process of the test.
_NO_SERVERS = frozenset({"tests.servers.authority", "tests.servers.otlp", "tests.servers.ports"})
_IGNORED = frozenset(Path(__file__).parent / folder for folder in _SERVER_FOLDERS)

# A busy machine is no reason for a property to be false.
settings.register_profile("full", deadline=None)
settings.register_profile("inner", deadline=None, max_examples=10)
settings.register_profile("slow", deadline=None, max_examples=2000)
settings.load_profile("full")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--store", action="append", choices=STORES, help="a store on which the features run; may be repeated"
    )


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads how many processes there are
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Select the inner loop, in two processes and with fewer examples, unless the command line names what to run."""
    option = config.option
    if option.markexpr:
        return
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        option.markexpr = "not slow"
        return
    option.markexpr = INNER_LOOP
    option.hypothesis_profile = option.hypothesis_profile or "inner"
    is_worker = hasattr(config, "workerinput")  # of pytest-xdist, which parses the command line once more
    if option.numprocesses is None and not (is_worker or option.usepdb):
        option.numprocesses, option.dist = 2, "worksteal"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if config.option.markexpr == INNER_LOOP and collection_path in _IGNORED:
        return True
    return None


@pytest.hookimpl(tryfirst=True)  # before tests are deselected by their markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they need, and begin with long ones, so that at the end no process waits for another."""
    for item in items:
        imported = _imported(item.module) if isinstance(item, pytest.Function) else frozenset()
        if "playwright" in imported:
            item.add_marker("browser")
        elif "servers" in imported or _has_servers(item):
            item.add_marker("servers")
    # Then the features: one module, which takes longer than any other.
    items.sort(key=lambda item: (item.get_closest_marker("long") is None, item.path.name != "test_features.py"))


def _has_servers(item: pytest.Item) -> bool:
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    # The store of a feature is one that `--store` names.
    texts = {value for name, value in parameters.items() if name != "store_kind" and isinstance(value, str)}
    return not (_SERVER_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())) and _SERVER_PARAMETERS.isdisjoint(texts))


@cache
def _imported(module: ModuleType) -> frozenset[str]:
    """Return what a module of tests imports, also through others: `servers` and other programs, `playwright`."""
    found, seen, pending = set(), {module.__name__}, [module]
    while pending:
        for name in _origins(pending.pop()):
            if name == "subprocess" or (name.startswith("tests.servers.") and name not in _NO_SERVERS):
                found.add("servers")
            elif name.startswith("playwright."):
                found.add("playwright")
            elif name.startswith("tests.") and name not in seen:
                seen.add(name)
                pending.append(sys.modules[name])
    return frozenset(found)


def _origins(module: ModuleType) -> Iterator[str]:
    """Yield the names of the modules that a module has imported, or has imported something from."""
    for value in vars(module).values():
        name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        if isinstance(name, str) and name in sys.modules:
            yield name
