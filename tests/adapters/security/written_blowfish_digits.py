"""Run with `python -m tests.adapters.security.written_blowfish_digits` to write the constants of Blowfish.

They are the first fractional binary digits of pi: 18 words of the P-array, then four S-boxes of 256 words (Schneier,
Description of a New Variable-Length Key, 64-Bit Block Cipher, 1993).
"""

from pathlib import Path

HEADER = Path(__file__).parents[3] / "adapters/hexaccount_security/blowfish_digits.h"
_WORDS = 18 + 4 * 256
_WORDS_IN_A_LINE = 8


def fractional_digits_of_pi(bits: int) -> int:
    """Return the first `bits` binary digits after the point, by Machin's formula."""
    guard = 64
    one = 1 << (bits + guard)
    pi = 4 * (4 * _arctan_of_reciprocal(5, one) - _arctan_of_reciprocal(239, one))
    return (pi >> guard) - (3 << bits)


def _arctan_of_reciprocal(x: int, one: int) -> int:
    total, power, divisor, sign = 0, one // x, 1, 1
    while power:
        total += sign * (power // divisor)
        power //= x * x
        divisor += 2
        sign = -sign
    return total


def header() -> str:
    """Return the text of the C header."""
    digits = fractional_digits_of_pi(32 * _WORDS).to_bytes(4 * _WORDS)
    words = [f"0x{digits[at : at + 4].hex()}" for at in range(0, len(digits), 4)]
    lines = [", ".join(words[at : at + _WORDS_IN_A_LINE]) for at in range(0, _WORDS, _WORDS_IN_A_LINE)]
    return (
        "/* Written by tests/adapters/security/written_blowfish_digits.py: the fractional digits of pi. */\n"
        f"static const uint32_t DIGITS[{_WORDS}] = {{\n" + "".join(f"    {line},\n" for line in lines) + "};\n"
    )


if __name__ == "__main__":
    HEADER.write_text(header(), encoding="utf-8")
