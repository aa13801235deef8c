"""The order in which selected demos stand in the prompt."""

from __future__ import annotations

import math
from typing import Literal, get_args

from limbeck.demos.select import Selection
from limbeck.errors import UserError
from limbeck.record import content_hash

Order = Literal["similar_last", "similar_first", "shuffled"]


def ordered(
    selection: Selection, how: Order = "similar_last", seed: int = 0, query: str = ""
) -> tuple[str, ...]:
    """The ids in prompt order.

    "similar_last": the best next to the query, which models attend to most (Liu et al. 2022,
    arXiv:2101.06804). "similar_first": the other way round. "shuffled": the first of `shuffles`.
    Raises UserError for another order.
    """
    if how == "similar_last":
        return selection.ids[::-1]
    if how == "similar_first":
        return selection.ids
    if how == "shuffled":
        return shuffles(selection, 1, seed, query)[0]
    raise UserError(f"demos are ordered {', '.join(get_args(Order))}, got {how!r}")


def shuffles(
    selection: Selection, m: int, seed: int = 0, query: str = ""
) -> tuple[tuple[str, ...], ...]:
    """m different orders of the ids, to average over: from near chance to the state of the art
    is a matter of order alone (Lu et al. 2022, arXiv:2104.08786).

    They follow from seed, query and which demos there are, not from their ranks; fewer are the
    first of more. Raises UserError for m below 1 or above the number of orders there are.
    """
    there_are = math.factorial(len(selection.ids))
    if not 1 <= m <= there_are:
        raise UserError(
            f"{len(selection.ids)} demos can be ordered in 1 to {there_are} different ways, got {m}"
        )
    ids = sorted(selection.ids)
    seen: set[int] = set()
    found = []
    for turn in range(m):
        number = int(content_hash([seed, query, ids, turn], size=64), 16) % there_are
        while number in seen:
            number = (number + 1) % there_are
        seen.add(number)
        found.append(_permuted(ids, number))
    return tuple(found)


def _permuted(ids: list[str], number: int) -> tuple[str, ...]:
    """The order of that number, from 0, in the factorial number system."""
    left = list(ids)
    order = []
    for count in range(len(left), 0, -1):
        number, place = divmod(number, count)
        order.append(left.pop(place))
    return tuple(order)
