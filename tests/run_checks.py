"""Loads the checks of all that leaves the service, where HTTP is tested, and sums up what they found.

A check is a pytest plugin. At the end of the session it adds what it has checked and what no test was failed for.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

_CHECKS = ("tests.canary.plugin", "tests.documented.plugin")
_HTTP_PACKAGES = frozenset({"flask", "requests"})
_COUNTS = pytest.StashKey[Counter[str]]()
_FAULTS = pytest.StashKey[list[str]]()


def add_counts(config: pytest.Config, counts: Counter[str]) -> None:
    """Add how much of each kind a check has seen, for the summary."""
    config.stash.setdefault(_COUNTS, Counter()).update(counts)


def add_faults(config: pytest.Config, faults: list[str]) -> None:
    """Add what is wrong and no test was failed for: it fails the run."""
    config.stash.setdefault(_FAULTS, []).extend(faults)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Load the checks if a collected module has imported a side of HTTP."""
    plugins = session.config.pluginmanager
    if not _HTTP_PACKAGES.isdisjoint(sys.modules):
        for name in _CHECKS:
            if not plugins.has_plugin(name):
                plugins.register(import_module(name), name)


@pytest.hookimpl(wrapper=True, trylast=True)  # after all that ends with the session, before the summary
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    yield
    stash = session.config.stash
    counts, faults = stash.setdefault(_COUNTS, Counter()), stash.setdefault(_FAULTS, [])
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["checks"] = {"counts": dict(counts), "faults": faults}
    if faults:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take in what a process of pytest-xdist has found."""
    found = getattr(node, "workeroutput", {}).get("checks", {"counts": {}, "faults": []})
    add_counts(node.config, found["counts"])
    add_faults(node.config, found["faults"])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for fault in config.stash.get(_FAULTS, []):
        terminalreporter.write_line(f"after the last test: {fault}", red=True)
    if counts := config.stash.get(_COUNTS, Counter()):
        terminalreporter.write_line(
            "checked: " + ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
        )
