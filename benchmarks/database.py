"""The databases of the service that is measured."""

import os
import subprocess

from benchmarks.services import console, environment
from tests.servers.postgres import create_database


def memory_folder() -> str | None:
    """Return a folder in memory where there is one, as the kernel's threads that write to a disk take turns too."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def fresh_database(server: str) -> str:
    """Return a new database, so that hashes of one cost are not upgraded while another cost is measured."""
    fresh = create_database(server)
    subprocess.run(console("migrate"), env=environment(fresh, 4), check=True, stdout=subprocess.DEVNULL)
    return fresh
