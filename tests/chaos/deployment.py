"""Services under load, each with its own store."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

import requests

from tests.chaos.callers import PATIENCE, Answers, calling
from tests.servers import forked
from tests.servers.own_server import OwnServer
from tests.servers.processes import RunningCommand
from tests.signing_key import SIGNING_KEY

CALLERS = 2
_numbers = count()


class Ready(NamedTuple):
    """A response of `/ready`: the status, the code of the failed check, and the degraded parts."""

    status: int
    code: str | None
    degraded: tuple[str, ...]


READY = Ready(200, None, ())


@dataclass
class Deployment:
    """A service with its own store and its clients."""

    service: RunningCommand
    address: str
    store: OwnServer
    store_url: str
    topic: str
    answers: Answers
    stop_clients: Callable[[], None]

    def readiness(self) -> Ready:
        answer = requests.get(f"{self.address}/ready", timeout=PATIENCE)
        body = answer.json()
        return Ready(answer.status_code, body.get("code"), tuple(body.get("data", {}).get("degraded", ())))

    def more_are_refused(self, number: int) -> Callable[[], bool]:
        """Return a condition that holds once `number` more requests have been refused."""
        before = self.answers.refused.total()
        return lambda: self.answers.refused.total() >= before + number

    def report(self) -> str:
        return f"{self.readiness()} {self.answers.refused} {self.answers.failures}\n{self.service.output[-3000:]}"


def settings_of(store: str, cache: str, topic: str) -> dict[str, str]:
    return {
        "HEXACCOUNT_STORE": store,
        "HEXACCOUNT_CACHE": cache,
        "HEXACCOUNT_EVENTS": f'["{topic}"]',
        "HEXACCOUNT_JWT__KEY": SIGNING_KEY,
        "HEXACCOUNT_PASSWORD__COST": "4",
        "HEXACCOUNT_LIMITS__FACTOR": "100000",
    }


def command(folder: Path, settings: Mapping[str, str], *arguments: str) -> RunningCommand:
    output = folder / f"output-{next(_numbers)}"
    return forked.running(arguments, output=output, env=settings, cwd=folder)


def open_deployment(
    stack: ExitStack, service: RunningCommand, address: str, store: tuple[OwnServer, str], topic: str
) -> Deployment:
    """Return a deployment with clients that send requests until the stack is closed or `stop_clients` is called."""
    service.wait_for_ok(f"{address}/ready", timeout=60)
    calls = stack.enter_context(ExitStack())
    answers = calls.enter_context(calling([address], callers=CALLERS))
    return Deployment(service, address, *store, topic, answers, stop_clients=calls.close)
