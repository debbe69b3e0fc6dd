import socket
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from hexaccount_webhooks.deadline import Deadline
from hexaccount_webhooks.errors import NotSent


@dataclass(frozen=True, slots=True)
class Address:
    """One of a host's addresses, in the form that a socket of its family connects to."""

    family: socket.AddressFamily
    place: Any

    @property
    def text(self) -> str:
        """Return the address without its port."""
        return str(self.place[0])


def addresses_of(host: str, port: int, deadline: Deadline) -> list[Address]:
    """Return the addresses of a host, best first; raises NotSent where there are none, or not in time."""
    found: SimpleQueue[list[Address] | str] = SimpleQueue()
    # A thread of its own, as nothing can bound how long the system takes; it ends when the system answers.
    Thread(target=lambda: found.put(_look_up(host, port)), name="lookup", daemon=True).start()
    try:
        answer = found.get(timeout=deadline.left())
    except (Empty, TimeoutError):
        raise NotSent(f"the name {host} was not resolved in time") from None
    if isinstance(answer, str):
        raise NotSent(answer)
    return answer


def _look_up(host: str, port: int) -> list[Address] | str:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return f"the name {host} has no address ({error.strerror or type(error).__name__})"
    except UnicodeError:
        return f"{host} cannot be a name"
    return list(dict.fromkeys(Address(family, place) for family, _, _, _, place in rows))
