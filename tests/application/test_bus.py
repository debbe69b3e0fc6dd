import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.kernel.bus import Bus, Handlers, UnknownMessage
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


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


def greeting(command: Greet) -> str:
    return f"hello {command.name}"


def refusing(command: Greet) -> str:
    raise UserNameTaken


def test_each_message_reaches_the_handler_of_its_type(executor: Executor) -> None:
    handlers = Handlers()
    handlers.answer(Greet, greeting)
    handlers.answer(Count, lambda query: len(query.of))
    bus = Bus(handlers, executor=executor)
    assert bus.handle(Greet(name="Juliet")) == "hello Juliet"
    assert bus.handle(Count(of="abc")) == 3


def test_a_message_that_nobody_answers_is_unknown(executor: Executor) -> None:
    with pytest.raises(UnknownMessage, match="no handler answers Greet"):
        Bus({}, executor=executor).handle(Greet(name="Juliet"))


def test_a_subtype_of_a_message_is_another_message(executor: Executor) -> None:
    with pytest.raises(UnknownMessage, match="GreetLoudly"):
        Bus({Greet: greeting}, executor=executor).handle(GreetLoudly(name="Juliet"))


def test_a_second_handler_of_one_message_is_refused() -> None:
    handlers = Handlers()
    handlers.answer(Greet, greeting)
    with pytest.raises(ValueError, match="Greet has a handler already"):
        handlers.answer(Greet, refusing)
    assert handlers[Greet] is greeting


def test_handlers_that_are_added_later_do_not_change_a_bus(executor: Executor) -> None:
    handlers = Handlers()
    bus = Bus(handlers, executor=executor)
    handlers.answer(Greet, greeting)
    with pytest.raises(UnknownMessage):
        bus.handle(Greet(name="Juliet"))


def test_the_first_middleware_is_the_outermost(executor: Executor) -> None:
    steps: list[str] = []

    def middleware(name: str):
        def around(message, call):
            steps.append(f"{name} before {type(message).__name__}")
            answer = call()
            steps.append(f"{name} after")
            return f"{answer}, {name}"

        return around

    bus = Bus({Greet: greeting}, executor=executor, middleware=[middleware("outer"), middleware("inner")])
    assert bus.handle(Greet(name="Juliet")) == "hello Juliet, inner, outer"
    assert steps == ["outer before Greet", "inner before Greet", "inner after", "outer after"]


def test_an_unknown_message_does_not_reach_the_middleware(executor: Executor) -> None:
    met: list[object] = []
    bus = Bus({}, executor=executor, middleware=[lambda message, call: met.append(message)])
    with pytest.raises(UnknownMessage):
        bus.handle(Greet(name="Juliet"))
    assert met == []


def test_what_a_handler_raises_reaches_the_sender(executor: Executor) -> None:
    bus = Bus({Greet: refusing}, executor=executor, middleware=[lambda message, call: call()])
    with pytest.raises(UserNameTaken):
        bus.handle(Greet(name="Juliet"))
    with pytest.raises(UserNameTaken):
        bus.submit(Greet(name="Juliet")).result(timeout=5)


def test_a_submitted_command_is_answered_by_another_thread(executor: Executor) -> None:
    bus = Bus({Greet: lambda command: threading.current_thread()}, executor=executor)
    assert bus.submit(Greet(name="Juliet")).result(timeout=5) is not threading.current_thread()


def test_a_submitted_command_has_the_cause_of_its_sender(executor: Executor) -> None:
    bus = Bus({Greet: lambda command: current_cause()}, executor=executor)
    cause = Cause(causation_id="request-1", traceparent="00-trace")
    with caused_by(cause):
        inside = bus.submit(Greet(name="Juliet"))
    assert inside.result(timeout=5) == cause
    assert bus.submit(Greet(name="Juliet")).result(timeout=5) == Cause()


def test_one_bus_serves_many_threads_without_mixing_their_messages(executor: Executor) -> None:
    together = threading.Barrier(16)

    def nested(message, call):
        return call()

    def handler(command: Greet) -> tuple[str, str | None]:
        inner = bus.handle(Count(of=command.name))
        return f"{command.name}:{inner}", current_cause().causation_id

    bus = Bus({Greet: handler, Count: lambda query: len(query.of)}, executor=executor, middleware=[nested])

    def ask(thread: int) -> list[tuple[str, str | None]]:
        together.wait(timeout=10)
        answers = []
        for number in range(200):
            with caused_by(Cause(causation_id=f"{thread}-{number}")):
                answers.append(bus.handle(Greet(name="x" * thread)))
        return answers

    with ThreadPoolExecutor(16) as threads:
        for thread, answers in enumerate(threads.map(ask, range(16))):
            assert answers == [(f"{'x' * thread}:{thread}", f"{thread}-{number}") for number in range(200)]
