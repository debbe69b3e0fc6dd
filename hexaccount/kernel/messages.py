"""What can be said to the service: orders that change something, and questions that do not."""

from typing import Generic, TypeVar

R = TypeVar("R")


class Message(Generic[R]):
    """Something that one handler answers with an R."""

    __slots__ = ()


class Command(Message[R]):
    """An order."""

    __slots__ = ()


class Query(Message[R]):
    """A question; answering it changes nothing."""

    __slots__ = ()
