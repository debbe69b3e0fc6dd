"""Clients that all log in at once; each repeats after a success, or after `Retry-After`.

`python -m benchmarks.storm URL CLIENTS SECONDS` runs as a separate process, so that its threads delay no other client;
it prints the result as JSON.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from benchmarks.services import PASSWORD

RAMP = 3.0
"""Seconds until the queues are full; earlier responses are not counted."""


@dataclass(frozen=True)
class Storm:
    """The result: responses a second between the ramp and the end, and the longest wait in seconds."""

    accepted_per_second: float
    refused_per_second: float
    longest: float


class RunningStorm:
    """A storm in a separate process."""

    def __init__(self, url: str, *, clients: int, seconds: float) -> None:
        command = [sys.executable, "-m", "benchmarks.storm", url, str(clients), str(seconds)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def result(self) -> Storm:
        """Wait for its end; raises RuntimeError if a response was neither 200 nor 503."""
        output, _ = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError("the login storm failed; see above")
        return Storm(**json.loads(output))


def storm(url: str, *, clients: int, seconds: float) -> Storm:
    """Log in from `clients` connections for `seconds` after the ramp."""
    began = time.perf_counter()
    opens, closes = began + RAMP, began + RAMP + seconds
    answers: list[tuple[float, int, float]] = []
    errors: list[BaseException] = []

    def client(number: int) -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        body = json.dumps({"user_name": f"bench{number % 32}", "password": PASSWORD})
        while (sent_at := time.perf_counter()) < closes:
            connection.request("POST", "/api/v1/public/login", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            now = time.perf_counter()
            answers.append((now, answer.status, now - sent_at))
            if answer.status == 503:
                time.sleep(min(float(answer.headers["Retry-After"]), max(0.0, closes - now)))
            elif answer.status != 200:
                raise RuntimeError(f"a login returned {answer.status}")

    def guarded(number: int) -> None:
        try:
            client(number)
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise RuntimeError(f"{len(errors)} of {clients} clients failed")
    counted = [status for at, status, _ in answers if opens <= at < closes]
    return Storm(
        accepted_per_second=counted.count(200) / seconds,
        refused_per_second=counted.count(503) / seconds,
        longest=max(wait for _, _, wait in answers),
    )


if __name__ == "__main__":
    target, how_many, how_long = sys.argv[1:]
    print(json.dumps(asdict(storm(target, clients=int(how_many), seconds=float(how_long)))))
