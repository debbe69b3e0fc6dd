"""The latency of a few requests a second, sent whether or not earlier ones were answered (an open loop)."""

import http.client
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Latency:
    """Milliseconds."""

    p50: float
    p99: float


def me_latency(url: str, token: str, *, rate: int = 40, seconds: float = 10) -> Latency:
    """Ask `GET /api/v1/me` at a steady rate; a late start counts as waiting."""
    taken: list[float] = []
    count = int(rate * seconds)
    began = time.perf_counter() + 0.1
    lock = threading.Lock()
    turns = iter(range(count))

    def work() -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        while True:
            with lock:
                turn = next(turns, None)
            if turn is None:
                return
            due = began + turn / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            connection.request("GET", "/api/v1/me", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            taken.append((time.perf_counter() - due) * 1000)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.sort()
    return Latency(taken[len(taken) // 2], taken[int(len(taken) * 0.99)])
