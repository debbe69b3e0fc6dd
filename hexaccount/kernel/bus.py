from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextvars import copy_context
from functools import partial
from typing import Any, TypeAlias, TypeVar, cast

from hexaccount.kernel.messages import Command, Message

R = TypeVar("R")
Handler: TypeAlias = Callable[[Any], Any]
Middleware: TypeAlias = Callable[[Message[Any], Callable[[], Any]], Any]


class Handlers(dict[type[Message[Any]], Handler]):
    """Which handler answers which message: exactly one each."""

    def answer(self, message: type[Message[R]], handler: Callable[[Any], R]) -> None:
        """Let `handler` answer messages of this type; raises ValueError where one does already."""
        if message in self:
            raise ValueError(f"{message.__name__} has a handler already")
        self[message] = handler


class Bus:
    """Brings each message to its handler, through the middleware, and keeps nothing between two messages.

    It may be used from any number of threads.
    """

    def __init__(
        self,
        handlers: Mapping[type[Message[Any]], Handler],
        *,
        executor: Executor,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        """Take the handlers, what runs the commands nobody waits for, and the middleware, outermost first."""
        self._handlers = dict(handlers)
        self._executor = executor
        self._middleware = tuple(reversed(middleware))

    def handle(self, message: Message[R]) -> R:
        """Return the answer to a message, or raise what its handler raised; UnknownMessage if nobody answers it."""
        handler = self._handlers.get(type(message))
        if handler is None:
            raise UnknownMessage(type(message))
        call: Callable[[], Any] = partial(handler, message)
        for middleware in self._middleware:
            call = partial(middleware, message, call)
        return cast("R", call())

    def submit(self, command: Command[R]) -> Future[R]:
        """Have a command handled by another thread, with this one's cause, and return the future answer."""
        return self._executor.submit(copy_context().run, self.handle, command)


class UnknownMessage(LookupError):
    """No handler answers messages of this type."""

    def __init__(self, message: type[Message[Any]]) -> None:
        super().__init__(f"no handler answers {message.__name__}")
