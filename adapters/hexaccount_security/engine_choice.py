"""Which engine computes bcrypt in this process."""

import logging
from collections.abc import Callable, Mapping
from functools import cache
from time import thread_time

from hexaccount_security.bcrypt_engines import (
    BcryptEngine,
    BcryptInput,
    CryptBcrypt,
    EngineUnavailable,
    InterleavedBcrypt,
    PackageBcrypt,
)

AUTO = "auto"
ENGINES: Mapping[str, Callable[[], BcryptEngine]] = {
    engine.name: engine for engine in (InterleavedBcrypt, CryptBcrypt, PackageBcrypt)
}
"""The constructors of the engines, by the values of `password.engine`, in the order of preference."""

_COST = 5
# Published with crypt_blowfish: bytes beyond ASCII, all 72 bytes, and none at all are what implementations got wrong.
_KNOWN_ANSWERS = {
    BcryptInput(_COST, b"CCCCCCCCCCCCCCCCCCCCC.", b"U*U"): b"E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    BcryptInput(_COST, b"CCCCCCCCCCCCCCCCCCCCC.", b""): b"7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy",
    BcryptInput(_COST, b"/OK.fbVrR/bpIqNJ5ianF.", b"\xff\xff\xa3"): b"CE5elHaaO4EbggVDjb8P19RukzXSM3e",
    BcryptInput(_COST, b"/OK.fbVrR/bpIqNJ5ianF.", b"\xaa" * 72): b"swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6",
}
_REPETITIONS = 2
_log = logging.getLogger("hexaccount.hashing")


@cache
def choose_engine(name: str = AUTO) -> BcryptEngine:
    """Return the engine of a name, `auto` for the first one that is installed, right, and faster than the package.

    The log names each engine that `auto` does without. Raises EngineUnavailable for one that is missing or wrong.
    """
    if name != AUTO:
        return _working(name)
    *preferred, last = ENGINES
    for candidate in preferred:
        try:
            engine = _working(candidate)
            _check_speed(engine, ENGINES[last]())
        except EngineUnavailable as error:
            _log.warning("passwords are hashed without the engine %s: %s", candidate, error)
        else:
            return engine
    return _working(last)


def _seconds_of_a_hash(engine: BcryptEngine) -> float:
    """Return the shortest processor time of a hash, when the engine computes as many at once as it can."""
    inputs = [BcryptInput(_COST, b"." * 22, b"what is hashed makes no difference")] * engine.lanes
    times = []
    for _ in range(_REPETITIONS):
        began = thread_time()
        engine.digests(_COST, inputs)
        times.append(thread_time() - began)
    return min(times) / engine.lanes


def _working(name: str) -> BcryptEngine:
    engine = ENGINES[name]()
    inputs, answers = list(_KNOWN_ANSWERS), list(_KNOWN_ANSWERS.values())
    found = [
        digest
        for at in range(0, len(inputs), engine.lanes)
        for digest in engine.digests(_COST, inputs[at : at + engine.lanes])
    ]
    if found != answers:
        raise EngineUnavailable("it computes a wrong hash of a password whose hash is known; report it as a fault")
    return engine


def _check_speed(engine: BcryptEngine, other: BcryptEngine) -> None:
    # Of equally fast ones either may seem faster, and libcrypt checks itself with each hash, which counts at low costs.
    if _seconds_of_a_hash(engine) > 1.15 * _seconds_of_a_hash(other):
        raise EngineUnavailable(f"it is slower than the engine {other.name} on this machine")
