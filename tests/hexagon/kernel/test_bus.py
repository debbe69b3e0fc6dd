import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.kernel.bus import MessageBus, UnknownMessage
from hexaccount.kernel.causation import Cause, caused_by, current_cause
from hexaccount.kernel.messages import Command, Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Greet(Command[str]):
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Query[int]):
    of: str


class GreetLoudly(Greet):
    pass


def greeting(command: Greet) -> str:
    return f"hello {command.name}"


def refusing(command: Greet) -> str:
    raise UserNameTaken


def test_each_message_reaches_the_handler_of_its_type() -> None:
    bus = MessageBus({Greet: greeting, Count: lambda query: len(query.of)})
    assert bus.handle(Greet(name="Juliet")) == "hello Juliet"
    assert bus.handle(Count(of="abc")) == 3


def test_a_message_without_a_handler_is_unknown() -> None:
    with pytest.raises(UnknownMessage, match="no handler is registered for Greet"):
        MessageBus({}).handle(Greet(name="Juliet"))


def test_a_subtype_of_a_message_is_another_message() -> None:
    with pytest.raises(UnknownMessage, match="GreetLoudly"):
        MessageBus({Greet: greeting}).handle(GreetLoudly(name="Juliet"))


def test_handlers_that_are_added_later_do_not_change_a_bus() -> None:
    handlers = {}
    bus = MessageBus(handlers)
    handlers[Greet] = greeting
    with pytest.raises(UnknownMessage):
        bus.handle(Greet(name="Juliet"))


def test_the_first_middleware_is_the_outermost() -> None:
    steps: list[str] = []

    def middleware(name: str):
        def around(message, call):
            steps.append(f"{name} before {type(message).__name__}")
            answer = call()
            steps.append(f"{name} after")
            return f"{answer}, {name}"

        return around

    bus = MessageBus({Greet: greeting}, middleware=[middleware("outer"), middleware("inner")])
    assert bus.handle(Greet(name="Juliet")) == "hello Juliet, inner, outer"
    assert steps == ["outer before Greet", "inner before Greet", "inner after", "outer after"]


def test_an_unknown_message_does_not_reach_the_middleware() -> None:
    seen: list[object] = []
    bus = MessageBus({}, middleware=[lambda message, call: seen.append(message)])
    with pytest.raises(UnknownMessage):
        bus.handle(Greet(name="Juliet"))
    assert seen == []


def test_an_error_of_a_handler_reaches_the_sender() -> None:
    bus = MessageBus({Greet: refusing}, middleware=[lambda message, call: call()])
    with pytest.raises(UserNameTaken):
        bus.handle(Greet(name="Juliet"))


def test_one_bus_serves_many_threads_without_mixing_their_messages() -> None:
    barrier = threading.Barrier(16)

    def nested(message, call):
        return call()

    def handler(command: Greet) -> tuple[str, str | None]:
        inner = bus.handle(Count(of=command.name))
        return f"{command.name}:{inner}", current_cause().causation_id

    bus = MessageBus({Greet: handler, Count: lambda query: len(query.of)}, middleware=[nested])

    def send(thread: int) -> list[tuple[str, str | None]]:
        barrier.wait(timeout=10)
        answers = []
        for number in range(200):
            with caused_by(Cause(causation_id=f"{thread}-{number}")):
                answers.append(bus.handle(Greet(name="x" * thread)))
        return answers

    with ThreadPoolExecutor(16) as threads:
        for thread, answers in enumerate(threads.map(send, range(16))):
            assert answers == [(f"{'x' * thread}:{thread}", f"{thread}-{number}") for number in range(200)]
