"""The latency of a few requests a second, sent without waiting for earlier responses (an open loop)."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.operations import Operation, connect

_CLIENTS = 16


@dataclass(frozen=True)
class Latency:
    """Milliseconds."""

    p50: float
    p99: float


def me_latency(url: str, me: Operation, token: str, *, rate: int = 40, seconds: float = 10) -> Latency:
    """Send `me` at a steady rate; a late start counts as latency. Raises RuntimeError if one is refused."""
    count = int(rate * seconds)
    began = time.perf_counter() + 0.1
    lock = threading.Lock()
    turns = iter(range(count))

    def send_requests(_client: int) -> list[float]:
        connection = connect(url)
        found: list[float] = []
        while True:
            with lock:
                turn = next(turns, None)
            if turn is None:
                return found
            due = began + turn / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            me.content(connection, token=token)
            found.append((time.perf_counter() - due) * 1000)

    with ThreadPoolExecutor(_CLIENTS) as threads:
        latencies = sorted(itertools.chain(*threads.map(send_requests, range(_CLIENTS))))
    return Latency(latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)])
