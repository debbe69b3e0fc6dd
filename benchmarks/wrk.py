"""Loads a service with wrk, which uses little processor time."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.operations import Operation

_SCRIPT = Path(__file__).with_name("wrk") / "send.lua"


@dataclass(frozen=True)
class Load:
    """The result of a run of wrk."""

    requests: int
    errors: int
    seconds: float

    @property
    def successes_per_second(self) -> float:
        """Return the rate of responses below 400."""
        return (self.requests - self.errors) / self.seconds


@contextmanager
def wrk_beside(url: str, operation: Operation, *, connections: int, seconds: float) -> Iterator[None]:
    """Load a service from a separate process while the block runs, and wait for the end of it."""
    call = f"wrk({url!r}, {operation!r}, connections={connections}, seconds={seconds})"
    imports = "from benchmarks.operations import Operation; from benchmarks.wrk import wrk"
    with subprocess.Popen([sys.executable, "-c", f"{imports}; {call}"]):
        yield


def wrk(
    url: str,
    operation: Operation,
    *,
    connections: int,
    seconds: float,
    token: str = "",
    prefix: str = "bench",
    names: int = 32,
) -> Load:
    """Send an operation to the service at `url` for a while; raises RuntimeError if connections fail.

    The accounts take turns: their names are `prefix` with the numbers from 0, `names` of them, or without end if 0.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "60s", "-s", str(_SCRIPT)]
    command += ["-H", f"Authorization: Bearer {token}"] if token else []
    words = [operation.method, operation.path, operation.content_type, operation.body, prefix, str(names)]
    try:
        output = subprocess.run([*command, url, "--", *words], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        raise SystemExit("wrk is missing; install it with: apt-get install wrk") from None
    if "Socket errors" in output:
        raise RuntimeError(output)
    found = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", output)
    assert found, output
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    unit = {"ms": 0.001, "s": 1, "m": 60}[found[3]]
    return Load(int(found[1]), int(refused[1]) if refused else 0, float(found[2]) * unit)
