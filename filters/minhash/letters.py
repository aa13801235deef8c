"""What every byte and character is to the shingler: constants, the same on every machine.

A word's hash is sum(VALUES[byte] * P**place) mod 2**64 over its UTF-8 bytes, then mixed: a
polynomial with random coefficients, since words can then be cut out of prefix sums (P is odd, so
that it has an inverse). White space has the value 0, and so parts words.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]

WORD, SPACE, ALONE = 0, 1, 2

P = 0x9E3779B97F4A7C55  # odd
Q = 0xD6E8FEB86659FD93  # odd; of the words in a shingle
LENGTH = 0xA0761D6478BD642F  # parts a short text's one shingle from longer ones
POWERS = 4096  # powers of P that the compiled shingler has at hand

_ALL = (1 << 64) - 1

# str.isspace over all code points (a test compares them)
_SPACES = (
    *range(0x09, 0x0E),
    *range(0x1C, 0x21),
    0x85,
    0xA0,
    0x1680,
    *range(0x2000, 0x200B),
    0x2028,
    0x2029,
    0x202F,
    0x205F,
    0x3000,
)

# Scripts without spaces between words: first and last code point of their blocks.
NO_SPACES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # Han radicals
    (0x3005, 0x3007),  # iteration mark, closing mark, zero
    (0x3021, 0x3029),  # Hangzhou numerals
    (0x3041, 0x30FF),  # kana
    (0x31F0, 0x31FF),  # small katakana
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),  # Myanmar
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),  # Han
    (0xFF66, 0xFF9F),  # halfwidth katakana
    (0x1AFF0, 0x1B16F),  # kana
    (0x20000, 0x3FFFF),  # Han
)


def _mixed(state: int) -> int:
    """SplitMix64 (Steele, Lea and Flood 2014): the output for a state."""
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _ALL
    state = (state ^ state >> 27) * 0x94D049BB133111EB & _ALL
    return state ^ state >> 31


@cache
def values() -> U64:
    """(256,): each byte's value. Capitals of ASCII have that of their small letters."""
    made = [_mixed((byte + 1) * 0x9E3779B97F4A7C15 & _ALL) | 1 for byte in range(256)]
    for code in _SPACES:
        if code < 0x80:
            made[code] = 0
    for code in range(ord("A"), ord("Z") + 1):
        made[code] = made[code + 32]
    return np.array(made, np.uint64)


@cache
def kinds() -> U8:
    """(0x110000,): WORD, SPACE or ALONE (a word of its own) for each code point."""
    made = np.zeros(0x110000, np.uint8)
    made[list(_SPACES)] = SPACE
    for first, last in NO_SPACES:
        made[first : last + 1] = ALONE
    return made


def powers(count: int, base: int = P) -> U64:
    """(count,): base**0, base**1, ... mod 2**64."""
    steps = np.full(count, base, np.uint64)
    steps[:1] = 1
    return np.multiply.accumulate(steps)


def inverse(base: int = P) -> int:
    """The number by which an odd one has the product 1 mod 2**64."""
    return pow(base, -1, 1 << 64)


@cache
def chunk_powers(count: int) -> tuple[U64, U64]:
    """The powers of P and of its inverse."""
    return powers(count), powers(count, inverse())
