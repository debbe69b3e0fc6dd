import zlib
from itertools import pairwise


def bytes_held(secret: bytes) -> int:
    """Return the most bytes of randomness that a secret can hold: what a compressor leaves of it, or of its steps.

    Repetitions have few bytes, and sequences few kinds of steps.
    """
    steps = bytes((after - before) % 256 for before, after in pairwise(secret))
    return min(len(zlib.compress(each)) for each in (secret, steps))
