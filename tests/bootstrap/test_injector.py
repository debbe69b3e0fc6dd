from dataclasses import dataclass
from typing import Any

import pytest

from hexaccount.bootstrap.injector import Injector, InvalidCapability
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
    with pytest.raises(InvalidCapability, match="Greet has two handlers; the second is that of other"):
        injector.handlers()


def test_a_type_that_is_not_bound_is_named() -> None:
    with pytest.raises(
        InvalidCapability, match=r"test_injector\.greet takes greeting: no object of type .*Clock.* is bound"
    ):
        Injector({}, [greeting]).handlers()
