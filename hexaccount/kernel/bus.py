from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar, cast

from hexaccount.kernel.messages import Message, WrongFieldType, field_check

R = TypeVar("R")
Handler: TypeAlias = Callable[[Any], Any]
Middleware: TypeAlias = Callable[[Message[Any], Callable[[], Any]], Any]


class MessageBus:
    """Passes each message to its handler, through the middleware, and keeps no state between messages.

    It may be used from any number of threads.
    """

    def __init__(
        self, handlers: Mapping[type[Message[Any]], Handler], *, middleware: Sequence[Middleware] = ()
    ) -> None:
        """Take the handlers, and the middleware, outermost first."""
        self._handlers = {message: (handler, field_check(message)) for message, handler in handlers.items()}
        self._middleware = tuple(reversed(middleware))

    def handle(self, message: Message[R]) -> R:
        """Return the answer to a message, or raise what its handler raised; UnknownMessage where there is none.

        Raises WrongFieldType if a field of the message has a value of another type than it is annotated with.
        """
        found = self._handlers.get(type(message))
        if found is None:
            raise UnknownMessage(type(message))
        handler, is_well_typed = found
        if not is_well_typed(message):
            raise WrongFieldType(message)
        call: Callable[[], Any] = partial(handler, message)
        for middleware in self._middleware:
            call = partial(middleware, message, call)
        return cast("R", call())


class UnknownMessage(LookupError):
    """No handler is registered for messages of this type."""

    def __init__(self, message: type[Message[Any]]) -> None:
        super().__init__(f"no handler is registered for {message.__name__}")
