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

_PATIENCE = 30
_BREATH = 0.01
_PASSWORD = "a long and winding road"


@dataclass
class Answers:
    """What callers were answered; `failures` are all answers but those that they had to get."""

    registered: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    by_address: Counter[str] = field(default_factory=Counter)


@dataclass
class Caller:
    """Registers people, logs each in elsewhere, and looks at and changes the profile here and there."""

    addresses: Sequence[str]
    answers: Answers
    numbers: Iterator[int]
    session: requests.Session = field(default_factory=requests.Session)

    def run(self, over: threading.Event) -> None:
        """Go on until it is over; a request that fails is told, and the next person begins."""
        try:
            while not over.is_set():
                self._be_somebody(f"person{next(self.numbers)}")
        finally:
            self.session.close()

    def _be_somebody(self, name: str) -> None:
        person = {"user_name": name, "email": f"{name}@example.org", "first_name": "Ada", "last_name": "L"}
        registered = self._ask("post", "public/register", 201, json={**person, "password": _PASSWORD})
        access = self._ask("post", "public/login", 200, json={"user_name": name, "password": _PASSWORD})
        if registered is None or access is None:
            return
        self.answers.registered.append(registered["id"])
        token = {"Authorization": f"Bearer {access['access']}"}
        for bio in ("first", "second"):
            me = self._ask("get", "me", 200, headers=token)
            changed = self._ask("patch", "me/profile", 200, headers=token, json={"bio": bio})
            seen = self._ask("get", "me/profile", 200, headers=token)
            if me and changed and seen and (me["user_name"], seen["bio"]) != (name, bio):
                self.answers.failures.append(f"{name} saw {me} and {seen} after {bio}")

    def _ask(self, method: str, path: str, wanted: int, **options: Any) -> dict[str, Any] | None:
        """Ask one address after the other, in turn, and return what it says."""
        address = self.addresses[sum(self.answers.by_address.values()) % len(self.addresses)]
        headers = {"Content-Type": "application/merge-patch+json"} if method == "patch" else {}
        options["headers"] = {**headers, **options.get("headers", {})}
        time.sleep(_BREATH)
        try:
            answer = self.session.request(method, f"{address}/api/v1/{path}", timeout=_PATIENCE, **options)
        except requests.RequestException as error:
            self.answers.failures.append(f"{method} {path} at {address}: {error!r}")
            return None
        self.answers.by_address[address] += 1
        if answer.status_code != wanted:
            self.answers.failures.append(f"{method} {path} at {address}: {answer.status_code} {answer.text}")
            return None
        told: dict[str, Any] = answer.json()["data"]
        return told


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
