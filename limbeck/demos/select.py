"""The one interface of all selectors, and their names in recipes."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple, Protocol, cast

from limbeck.demos.row import Demo
from limbeck.errors import RecipeError
from limbeck.registry import OptionError, did_you_mean


class Selection(NamedTuple):
    """Ids of demos, the best first, each with the selector's own score."""

    ids: tuple[str, ...]
    scores: tuple[float, ...]


class Selector(Protocol):
    """Chooses the demos of a query from the pool of its task, given to the constructor.

    Guarantees: no id of `exclude`, and none twice; `k` of the others, or all there are; the same
    answer for the same pool, options, query, `k` and `exclude`, in every process; between equals
    the pool's order decides. A selector does not look for the query in the pool: who excludes it
    says so (`limbeck.demos.exclude`). Raises UserError for k < 0 and an id that is not in the
    pool.
    """

    def select(self, query: str, k: int, exclude: Collection[str] = ()) -> Selection: ...


_SELECTORS = {
    "random": "limbeck.demos.at_random:Random",
    "balanced": "limbeck.demos.balanced:Balanced",
    "bm25": "limbeck.demos.bm25:Bm25",
    "dense": "limbeck.demos.dense:Dense",
    "hybrid": "limbeck.demos.hybrid:Hybrid",
    "mmr": "limbeck.demos.mmr:Mmr",
    "dpp": "limbeck.demos.dpp:Dpp",
    "vote_k": "limbeck.demos.vote_k:VoteK",
    "kmeans": "limbeck.demos.kmeans:KMeans",
    "reward": "limbeck.demos.reward:Reward",
    "learned": "limbeck.demos.learned:Learned",
}
SELECTORS = tuple(_SELECTORS)
DRAWN = ("random", "balanced")
"""Selectors that draw by a `seed`: with another one they choose other demos."""


def selector(name: str, pool: Sequence[Demo], /, **options: Any) -> Selector:
    """The selector of that name over a pool.

    Raises RecipeError for an unknown name and OptionError for an unknown or a missing option, with
    the nearest name; UserError for what the selector itself refuses; MissingExtra.
    """
    parameters = check_options(name, options)
    for option, parameter in parameters.items():
        if parameter.default is parameter.empty and option not in options:
            raise OptionError(f"selector {name!r} needs the option {option!r}", option)
    return cast(Selector, _made(name)(pool, **options))


def check_options(name: str, options: Iterable[str]) -> dict[str, inspect.Parameter]:
    """What the selector of that name can be given besides its pool. Raises RecipeError for an
    unknown name and OptionError for an unknown option."""
    if name not in _SELECTORS:
        raise RecipeError(f"unknown selector {name!r}{did_you_mean(name, _SELECTORS)}")
    parameters = dict(inspect.signature(_made(name)).parameters)
    del parameters["pool"]
    for option in options:
        if option not in parameters:
            hint = did_you_mean(option, parameters) if parameters else "; it has none"
            raise OptionError(f"selector {name!r} has no option {option!r}{hint}", option)
    return parameters


def _made(name: str) -> Any:
    module, _, attribute = _SELECTORS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
