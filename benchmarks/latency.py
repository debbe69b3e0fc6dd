"""The latency of a few requests a second, sent without waiting for earlier responses (an open loop)."""

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
    """Send `GET /api/v1/me` at a steady rate; a late start counts as latency."""
    latencies: list[float] = []
    count = int(rate * seconds)
    began = time.perf_counter() + 0.1
    lock = threading.Lock()
    turns = iter(range(count))

    def send_requests() -> None:
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
            latencies.append((time.perf_counter() - due) * 1000)

    threads = [threading.Thread(target=send_requests) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    latencies.sort()
    return Latency(latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)])
