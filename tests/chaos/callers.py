"""Clients that send the most frequent requests, to each address in turn."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import requests

from tests.people import login_form, registration_form

PATIENCE = 20.0
"""Seconds after which a request counts as hung; the service aborts a request only later."""

_BREATH = 0.04


@dataclass
class Answers:
    """The answers to the callers.

    `refused` counts the 503 problems with `Retry-After` by code; `failures` has all other unexpected answers.
    """

    registered: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    by_address: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0


@dataclass
class Caller:
    """Registers users, logs them in, and reads and changes their profiles, on all addresses in turn."""

    addresses: Sequence[str]
    answers: Answers
    numbers: Iterator[int]
    session: requests.Session = field(default_factory=requests.Session)

    def run(self, over: threading.Event) -> None:
        """Run until `over` is set; after a failed request, continue with the next user."""
        try:
            while not over.is_set():
                self._act_as_user(f"person{next(self.numbers)}")
        finally:
            self.session.close()

    def _act_as_user(self, name: str) -> None:
        registered = self._send("post", "public/register", 201, json=registration_form(name))
        if registered is None:
            return
        self.answers.registered.append(registered["id"])
        access = self._send("post", "public/login", 200, json=login_form(name))
        if access is None:
            return
        token = {"Authorization": f"Bearer {access['access']}"}
        for bio in ("first", "second"):
            me = self._send("get", "me", 200, headers=token)
            changed = self._send("patch", "me/profile", 200, headers=token, json={"bio": bio})
            seen = self._send("get", "me/profile", 200, headers=token)
            if me and changed and seen and (me["user_name"], seen["bio"]) != (name, bio):
                self.answers.failures.append(f"{name} saw {me} and {seen} after {bio}")

    def _send(self, method: str, path: str, wanted: int, **options: Any) -> dict[str, Any] | None:
        """Send a request to the next address, and return its data, None if it failed."""
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
            data: dict[str, Any] = answer.json()["data"]
            return data
        if _is_unavailable(answer):
            self.answers.refused[answer.json()["code"]] += 1
        else:
            self.answers.failures.append(f"{method} {path} at {address}: {answer.status_code} {answer.text}")
        return None


def _is_unavailable(answer: requests.Response) -> bool:
    headers = answer.headers
    return answer.status_code == 503 and (
        headers.get("Content-Type") == "application/problem+json" and headers.get("Retry-After", "").isdecimal()
    )


@contextmanager
def calling(addresses: Sequence[str], *, callers: int) -> Iterator[Answers]:
    """Run callers while the block runs."""
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
