"""Which search decides: the compiled one, where numba is installed and it pays, else the other.

Both give the same answers. To load the compiled one takes the better part of a second (a few
seconds the first time on a machine), which it wins back over some ten thousand texts.
"""

from __future__ import annotations

import sys
import warnings
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from limbeck.filters import rouge_search
from limbeck.filters.bags import Bags
from limbeck.filters.rouge_search import Hit
from limbeck.filters.text_index import TextIndex

_KERNEL = "limbeck.filters.rouge_kernel"
_PAYS = 50_000  # texts in the pool and to be decided


class Search(Protocol):
    """A module that decides `BLOCK` texts in one go."""

    BLOCK: int

    def settle(self, query: Bags, pool: TextIndex) -> list[Hit | None]:
        """See `rouge_search.settle`."""


def search(texts: int) -> Search:
    """The search for so many texts, those in the pool and those to be decided."""
    if texts < _PAYS and _KERNEL not in sys.modules:
        return rouge_search
    return compiled() or rouge_search


@cache
def compiled() -> Search | None:
    """The compiled search; None where numba is not installed or does not work."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return cast(Search, import_module(_KERNEL))
    except Exception:  # numba is a guest: whatever ails it, the answers come without it
        return None
