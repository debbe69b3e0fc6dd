"""Callers who use everything that the service is asked for most, at one address and then at another."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import requests

PATIENCE = 20.0
"""Seconds after which a request hangs: less than those after which the service gives one up without knowing why."""

_BREATH = 0.04
_PASSWORD = "a long and winding road"


@dataclass
class Answers:
    """What callers were answered.

    `refused` counts, by their codes, the problems that say that this is no time to ask; `failures` are all answers that
    were neither that nor what was asked for.
    """

    registered: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    by_address: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0


@dataclass
class Caller:
    """Registers people, logs each in elsewhere, and looks at and changes the profile here and there."""

    addresses: Sequence[str]
    answers: Answers
    numbers: Iterator[int]
    session: requests.Session = field(default_factory=requests.Session)

    def run(self, over: threading.Event) -> None:
        """Go on until it is over; a request that is not done is told, and the next person begins."""
        try:
            while not over.is_set():
                self._be_somebody(f"person{next(self.numbers)}")
        finally:
            self.session.close()

    def _be_somebody(self, name: str) -> None:
        person = {"user_name": name, "email": f"{name}@example.org", "first_name": "Ada", "last_name": "L"}
        registered = self._ask("post", "public/register", 201, json={**person, "password": _PASSWORD})
        if registered is None:
            return
        self.answers.registered.append(registered["id"])
        access = self._ask("post", "public/login", 200, json={"user_name": name, "password": _PASSWORD})
        if access is None:
            return
        token = {"Authorization": f"Bearer {access['access']}"}
        for bio in ("first", "second"):
            me = self._ask("get", "me", 200, headers=token)
            changed = self._ask("patch", "me/profile", 200, headers=token, json={"bio": bio})
            seen = self._ask("get", "me/profile", 200, headers=token)
            if me and changed and seen and (me["user_name"], seen["bio"]) != (name, bio):
                self.answers.failures.append(f"{name} saw {me} and {seen} after {bio}")

    def _ask(self, method: str, path: str, wanted: int, **options: Any) -> dict[str, Any] | None:
        """Ask one address after the other, in turn, and return what it says, None where it is not done."""
        time.sleep(_BREATH)
        address = self.addresses[sum(self.answers.by_address.values()) % len(self.addresses)]
        headers = {"Content-Type": "application/merge-patch+json"} if method == "patch" else {}
        options["headers"] = {**headers, **options.get("headers", {})}
        began = time.monotonic()
        try:
            answer = self.session.request(method, f"{address}/api/v1/{path}", timeout=PATIENCE, **options)
        except requests.RequestException as error:
            self.answers.failures.append(f"{method} {path} at {address}: {error!r}")
            return None
        self.answers.longest = max(self.answers.longest, time.monotonic() - began)
        self.answers.by_address[address] += 1
        if answer.status_code == wanted:
            self.answers.done[path] += 1
            told: dict[str, Any] = answer.json()["data"]
            return told
        if _says_that_it_is_no_time_to_ask(answer):
            self.answers.refused[answer.json()["code"]] += 1
        else:
            self.answers.failures.append(f"{method} {path} at {address}: {answer.status_code} {answer.text}")
        return None


def _says_that_it_is_no_time_to_ask(answer: requests.Response) -> bool:
    headers = answer.headers
    return answer.status_code == 503 and (
        headers.get("Content-Type") == "application/problem+json" and headers.get("Retry-After", "").isdecimal()
    )


@contextmanager
def calling(addresses: Sequence[str], *, callers: int) -> Iterator[Answers]:
    """Have callers call while the block runs."""
    answers, over, numbers = Answers(), threading.Event(), count()
    crowd = [Caller(addresses, answers, numbers) for _ in range(callers)]
    threads = [threading.Thread(target=caller.run, args=[over]) for caller in crowd]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()
