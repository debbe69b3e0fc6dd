"""Run as `fuzz_interleaved_bcrypt.py EXTENSION SEED COUNT`: random calls of a build of the extension.

What it accepts must have the digests of the installed build, and what it refuses must be what is documented.
"""

import random
import sys
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Any

from hexaccount_security import _interleaved_bcrypt as installed

ODD_INTEGERS = (-1, 0, 3, 5, 32, 2**31, 2**63, 2**64)


def load(path: str) -> Any:
    loader = ExtensionFileLoader("_interleaved_bcrypt", path)
    spec = spec_from_loader("_interleaved_bcrypt", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def odd(chance: random.Random, valid: Any) -> Any:
    """Return the valid value, or now and then something else."""
    if chance.random() < 0.97:
        return valid
    others = (None, 1.5, "text", bytearray(b"mutable"), b"", chance.randbytes(chance.randrange(200)), (), [valid])
    return chance.choice((*others, *ODD_INTEGERS))


def call(chance: random.Random) -> tuple[Any, Any]:
    work = chance.choices((4, 5), (9, 1))[0]
    lanes = [
        odd(
            chance,
            (
                odd(chance, chance.randint(4, work)),
                odd(chance, chance.randbytes(16)),
                odd(chance, chance.randbytes(chance.choice((0, 1, 3, 71, 72, chance.randrange(73))))),
            ),
        )
        for _ in range(odd_count(chance))
    ]
    return odd(chance, work), odd(chance, tuple(lanes))


def odd_count(chance: random.Random) -> int:
    return chance.choices((0, 1, 2, 3, 4, 5, 6), (1, 20, 20, 20, 20, 1, 1))[0]


def is_valid(work: Any, lanes: Any) -> bool:
    return (
        type(work) is int
        and 4 <= work <= 5
        and isinstance(lanes, tuple)
        and 1 <= len(lanes) <= 4
        and all(
            isinstance(lane, tuple)
            and len(lane) == 3
            and type(lane[0]) is int
            and 4 <= lane[0] <= work
            and all(isinstance(each, bytes) for each in lane[1:])
            and len(lane[1]) == 16
            and len(lane[2]) <= 72
            for lane in lanes
        )
    )


def main() -> None:
    path, seed, count = sys.argv[1:]
    extension, chance = load(path), random.Random(int(seed))
    accepted = 0
    for _ in range(int(count)):
        arguments = call(chance)
        try:
            digests = extension.hash_lanes(*arguments)
        except (TypeError, ValueError, OverflowError):
            assert not is_valid(*arguments), arguments
        else:
            assert is_valid(*arguments), arguments
            assert digests == installed.hash_lanes(*arguments), arguments
            accepted += 1
    sys.stdout.write(f"accepted {accepted} of {count}\n")


if __name__ == "__main__":
    main()
