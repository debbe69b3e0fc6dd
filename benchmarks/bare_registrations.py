"""Registrations in a plain loop over the driver."""

import multiprocessing
import os
import time
from urllib.parse import urlsplit

from benchmarks.bare_psycopg import psycopg_registration
from benchmarks.bare_pymongo import pymongo_registration

_REGISTRATIONS = {"postgresql": psycopg_registration, "mongodb": pymongo_registration}


def registrations_per_second(url: str, cost: int, seconds: float) -> float:
    """Register in as many processes as there are cores."""
    processes = os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return sum(pool.starmap(_register, [(url, cost, seconds)] * processes))


def _register(url: str, cost: int, seconds: float) -> float:
    with _REGISTRATIONS[urlsplit(url).scheme](url, cost) as register_one:
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            register_one()
            count += 1
        return count / (time.perf_counter() - began)
