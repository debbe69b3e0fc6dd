from dataclasses import dataclass
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest

from hexaccount.bootstrap import capabilities
from hexaccount.bootstrap.injector import Injector
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import Settings
from hexaccount.kernel.capability import Capability
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Query
from hexaccount.kernel.unit_of_work import UnitOfWorkFactory
from hexaccount_system import SystemClock


@dataclass(frozen=True)
class Greet(Query[str]):
    name: str


@dataclass(frozen=True)
class Greeting:
    clock: Clock


def greet(query: Greet, *, greeting: Greeting) -> str:
    return f"hello {query.name}, it is {greeting.clock.now().year}"


def greet_twice(query: Greet, *, clock: Clock, unit_of_work: UnitOfWorkFactory[Any]) -> str:
    return query.name


greeting = Capability(name="greeting", handlers={Greet: greet})


def test_a_handler_gets_its_dependencies_by_their_types() -> None:
    handlers = Injector({Clock: SystemClock}, [greeting]).handlers()
    assert handlers[Greet](Greet("Ada")).startswith("hello Ada, it is 2")


def test_a_dataclass_that_is_not_bound_is_built_once() -> None:
    injector = Injector({Clock: SystemClock}, [])
    assert injector.provide(Greeting) is injector.provide(Greeting)


def test_a_second_handler_of_one_message_is_refused() -> None:
    other = Capability(name="other", handlers={Greet: greet_twice})
    injector = Injector({Clock: SystemClock, UnitOfWorkFactory: object}, [greeting, other])
    with pytest.raises(ValueError, match="Greet has two handlers; the second is that of other"):
        injector.handlers()


def test_a_type_that_is_not_bound_is_named() -> None:
    with pytest.raises(TypeError, match=r"no object of type .*Clock.* is bound"):
        Injector({}, [greeting]).handlers()


def test_a_package_adds_a_capability_by_an_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    found = EntryPoint(name="greeting", value=f"{__name__}:greeting", group=capabilities.GROUP)
    monkeypatch.setattr(found.__class__, "load", lambda _: greeting)
    monkeypatch.setattr(capabilities, "entry_points", lambda group: EntryPoints([found]).select(group=group))
    capabilities.all_capabilities.cache_clear()
    try:
        with open_service(Settings(store="memory://")) as service:
            assert service.bus.handle(Greet("Ada")).startswith("hello Ada")
    finally:
        capabilities.all_capabilities.cache_clear()
