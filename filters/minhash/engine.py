"""Which code computes: the compiled one, where numba is installed and it pays, else numpy.

Both give the same answers. To load the compiled one takes the better part of a second (some
seconds the first time on a machine), which it wins back over some twenty thousand texts.
"""

from __future__ import annotations

import sys
import warnings
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from limbeck.filters.minhash.letters import I64, U8, U32, U64

if TYPE_CHECKING:
    from limbeck.filters.minhash.kept import Kept
    from limbeck.filters.minhash.shingles import Shingles
    from limbeck.filters.minhash.verify import Decisions

_NUMPY = "limbeck.filters.minhash.by_numpy"
_COMPILED = "limbeck.filters.minhash.compiled"
_PAYS = 20_000  # texts


class Engine(Protocol):
    """A module that computes. `PORTION` is how many characters it likes to have at a time."""

    PORTION: int

    def shingles(self, data: U8, ends: I64, ascii: bool, n: int) -> Shingles:
        """The sets of texts that `shingles.encoded` made."""

    def signatures(self, sets: Shingles, a: U32, b: U32) -> U32:
        """(texts, permutations): the minima of `a * fmix32(hash) + b` mod 2**32; all ones for an
        empty set."""

    def decide(self, sets: Shingles, keys: U64, kept: Kept) -> Decisions:
        """Greedy decisions in order; what stays joins `kept`. `keys` is (texts, bands)."""


def chosen(texts: int) -> Engine:
    """The engine for so many texts."""
    if texts < _PAYS and _COMPILED not in sys.modules:
        return plain()
    return compiled() or plain()


def plain() -> Engine:
    return cast(Engine, import_module(_NUMPY))


@cache
def compiled() -> Engine | None:
    """The compiled engine; None where numba is not installed or does not work."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return cast(Engine, import_module(_COMPILED))
    except Exception:  # numba is a guest: whatever ails it, the answers come without it
        return None
