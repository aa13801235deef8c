"""p-values of several tasks, adjusted so that one false finding among them all is rare."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's (1979) adjusted p-values, in the order given: with those under 0.05 taken as found,
    the chance of any false finding is at most 5%, whatever the tasks have to do with each other.

    The smallest p is multiplied by how many there are, the next by one less, and so on; none
    becomes less than a smaller one did, or more than 1. None passes through and does not count.
    Raises ValueError for what is no probability.
    """
    known = [(p, place) for place, p in enumerate(p_values) if p is not None]
    if wrong := [p for p, _ in known if not 0 <= p <= 1]:
        raise ValueError(f"a p-value lies between 0 and 1, got {wrong[0]}")
    adjusted: list[float | None] = [None] * len(p_values)
    reached = 0.0
    for rank, (p, place) in enumerate(sorted(known)):
        reached = max(reached, min(1.0, (len(known) - rank) * p))
        adjusted[place] = reached
    return adjusted
