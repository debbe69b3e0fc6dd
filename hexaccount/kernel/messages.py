"""Messages to the service: commands that change something, and queries that do not."""

from typing import Generic, TypeVar

R = TypeVar("R")


class Message(Generic[R]):
    """A message whose one handler returns an R."""

    __slots__ = ()


class Command(Message[R]):
    """A message that may change something."""

    __slots__ = ()


class Query(Message[R]):
    """A message that changes nothing."""

    __slots__ = ()
