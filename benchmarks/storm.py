"""Clients that all log in at once; each repeats after a success, or after `Retry-After`.

`python -m benchmarks.storm URL OPERATION PREFIX CLIENTS SECONDS` runs as a separate process, so that its threads delay
no other client. The operation is JSON, as is the result that it prints.
"""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from benchmarks.operations import Operation, connect

RAMP = 3.0
"""Seconds until the queues are full; earlier responses are not counted."""


@dataclass(frozen=True)
class Storm:
    """The result: responses a second between the ramp and the end, all accepted logins, the longest wait in seconds.

    A login that began before the ramp's end, or ended after the load, counts with its share between them: so clients
    whose logins end together count as those that take turns.
    """

    accepted_per_second: float
    refused_per_second: float
    accepted: int
    longest: float


class RunningStorm:
    """A storm in a separate process."""

    def __init__(self, url: str, log_in: Operation, *, clients: int, seconds: float, prefix: str = "bench") -> None:
        words = [url, json.dumps(asdict(log_in)), prefix, str(clients), str(seconds)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.storm", *words], stdout=subprocess.PIPE, text=True
        )

    def result(self) -> Storm:
        """Wait for its end; raises RuntimeError if a response was neither 200 nor 503."""
        output, _ = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError("the login storm failed; see above")
        return Storm(**json.loads(output))


@dataclass(frozen=True)
class Answer:
    status: int
    began: float
    ended: float

    def share_between(self, opens: float, closes: float) -> float:
        inside = min(self.ended, closes) - max(self.began, opens)
        return max(0.0, inside) / (self.ended - self.began)


def storm(url: str, log_in: Operation, *, prefix: str, clients: int, seconds: float) -> Storm:
    """Log in from `clients` connections for `seconds` after the ramp, as accounts with the numbers 0 to 31."""
    began = time.perf_counter()
    opens, closes = began + RAMP, began + RAMP + seconds

    def client(number: int) -> list[Answer]:
        connection = connect(url)
        answers: list[Answer] = []
        while (sent_at := time.perf_counter()) < closes:
            response, content = log_in.send(connection, name=f"{prefix}{number % 32}")
            now = time.perf_counter()
            answers.append(Answer(response.status, sent_at, now))
            if response.status == 503:
                time.sleep(min(float(response.headers["Retry-After"]), max(0.0, closes - now)))
            elif response.status != log_in.status:
                raise RuntimeError(f"a login returned {response.status}: {content!r}")
        return answers

    with ThreadPoolExecutor(clients) as threads:
        answers = [answer for found in threads.map(client, range(clients)) for answer in found]
    accepted = [answer for answer in answers if answer.status == log_in.status]
    refused = [answer for answer in answers if answer.status == 503 and opens <= answer.ended < closes]
    return Storm(
        accepted_per_second=sum(answer.share_between(opens, closes) for answer in accepted) / seconds,
        refused_per_second=len(refused) / seconds,
        accepted=len(accepted),
        longest=max(answer.ended - answer.began for answer in answers),
    )


if __name__ == "__main__":
    target, operation, accounts, how_many, how_long = sys.argv[1:]
    found = storm(
        target, Operation(**json.loads(operation)), prefix=accounts, clients=int(how_many), seconds=float(how_long)
    )
    print(json.dumps(asdict(found)))
