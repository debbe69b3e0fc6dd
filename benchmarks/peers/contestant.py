"""A service that is compared with others: how it is run, and what it is sent."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from benchmarks.operations import Api, connect
from benchmarks.services import Running, running
from tests.servers.ports import free_port

ACCOUNTS = 32
"""The number of accounts for each cost."""


@dataclass(frozen=True)
class Refusals:
    """The status for a wrong password, for a name that is taken, and for `me` without a token."""

    wrong_password: int = 401
    name_taken: int = 409
    without_token: int = 401


@dataclass
class Contestant:
    """A service with two workers on a database of its own; `{port}` in its command stands for the port."""

    name: str
    api: Api
    command: Sequence[str]
    migrate: Sequence[str]
    environment: Callable[[int, int], dict[str, str]]
    """Its variables for a cost and a port."""
    refusals: Refusals = field(default_factory=Refusals)
    folder: Path | None = None
    log: IO[bytes] | None = None
    grant_admin: Sequence[str] = ()
    """Lets the account `{name}` list accounts."""
    token: str = ""
    """The access token of the last login."""
    _costs: set[int] = field(default_factory=set)

    def create_schema(self) -> None:
        """Create its tables."""
        self._run(self.migrate)

    @contextmanager
    def serving(self, cost: int) -> Iterator[Running]:
        """Serve until the block ends; it begins with the first 200 on `me`, if there has been a login before."""
        port = free_port()
        command = [word.replace("{port}", str(port)) for word in self.command]
        ready = self.api.me.status if self.token else self.refusals.without_token
        me = replace(self.api.me, status=ready)
        with running(
            command, port, me, self.environment(cost, port), self.log, folder=self.folder, token=self.token
        ) as service:
            yield service

    def log_in(self, service: Running, cost: int) -> None:
        """Log in as the first of the accounts of a cost, which are registered if they are not.

        Raises RuntimeError if a wrong password or a name that is taken is accepted, or if `me` is another account.
        """
        name = f"{prefix_of(cost)}0"
        if cost not in self._costs:
            self._register(service, cost)
            taken = replace(self.api.register, status=self.refusals.name_taken)
            taken.content(connect(service.url), name=name)
            body = self.api.log_in.body.replace("horse", "house")
            wrong = replace(self.api.log_in, body=body, status=self.refusals.wrong_password)
            wrong.content(connect(service.url), name=name)
            self._run([word.replace("{name}", name) for word in self.grant_admin])
            self._costs.add(cost)
        self.token = self.api.access_token(service.url, name)
        me = self.api.me.content(connect(service.url), token=self.token)
        if f"{name}@example.org".encode() not in me:
            raise RuntimeError(f"{self.name}: `me` is another account than the token's: {me!r}")

    def _register(self, service: Running, cost: int) -> None:
        def register(number: int) -> None:
            self.api.register.content(connect(service.url), name=f"{prefix_of(cost)}{number}")

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(register, range(ACCOUNTS)))

    def _run(self, command: Sequence[str]) -> None:
        if command:
            variables = self.environment(4, 0)
            subprocess.run(
                command, env=variables, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, stderr=self.log
            )


def prefix_of(cost: int) -> str:
    """Return the beginning of the names of the accounts whose passwords were hashed at a cost."""
    return f"cost{cost}x"
