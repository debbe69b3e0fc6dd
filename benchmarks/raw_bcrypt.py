"""The maximum rate at which this machine can check passwords.

`python -m benchmarks.raw_bcrypt COST SECONDS` runs as a separate process with the priority of our hashing threads.
"""

import os
import subprocess
import sys
import threading
import time

import bcrypt


def checks_per_second(cost: int, seconds: float) -> float:
    """Check a password on as many threads as there are cores."""
    hashed = bcrypt.hashpw(b"correct horse battery", bcrypt.gensalt(cost))
    counts: list[int] = []
    began = time.perf_counter()

    def check_repeatedly() -> None:
        count = 0
        while time.perf_counter() - began < seconds:
            bcrypt.checkpw(b"correct horse battery", hashed)
            count += 1
        counts.append(count)

    threads = [threading.Thread(target=check_repeatedly) for _ in range(os.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def nice_checks_per_second(cost: int, seconds: float) -> float:
    """Check passwords in a process of low priority."""
    command = [sys.executable, "-m", "benchmarks.raw_bcrypt", str(cost), str(seconds)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


if __name__ == "__main__":
    os.nice(10)
    print(checks_per_second(int(sys.argv[1]), float(sys.argv[2])))
