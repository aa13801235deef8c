"""How often intervals of counts hold the truth, by enumeration of everything that can be drawn."""

from __future__ import annotations

import itertools
import math

import pytest

from limbeck.labels.sampled import from_counts, normal_quantile


def covered(p: float, n: int) -> float:
    """The probability that the interval of a label of probability p holds it, by enumeration."""
    total = 0.0
    for hits in range(n + 1):
        found = from_counts({"a": hits, "b": n - hits})
        if found.lower["a"] <= p <= found.upper["a"]:
            total += math.comb(n, hits) * p**hits * (1 - p) ** (n - hits)
    return total


@pytest.mark.parametrize("n", [8, 20, 60])
def test_intervals_hold_the_truth_as_often_as_they_say(n: int) -> None:
    shares = [covered((place + 0.5) / 50, n) for place in range(50)]
    assert 0.94 < sum(shares) / 50 < 0.97
    assert min(shares) > 0.82  # near 0 and 1, see Brown, Cai and DasGupta 2001


def stopped_early(p: float, n: int, batch: int, looks: int) -> tuple[float, float]:
    """(how often the interval holds p, the expected frequency) when it may stop, by enumeration."""
    z, alive, holds, mean = normal_quantile(0.95, looks), {0: 1.0}, 0.0, 0.0
    for size in range(batch, n + 1, batch):
        going: dict[int, float] = {}
        for (hits, chance), more in itertools.product(alive.items(), range(batch + 1)):
            new = math.comb(batch, more) * p**more * (1 - p) ** (batch - more)
            going[hits + more] = going.get(hits + more, 0.0) + chance * new
        alive = {}
        for hits, chance in going.items():
            found = from_counts({"a": hits, "b": size - hits}, z=z, fixed_n=False)
            if size < n and not found.settled:
                alive[hits] = chance
                continue
            holds += chance * (found.lower["a"] <= p <= found.upper["a"])
            mean += chance * hits / size
    return holds, mean


@pytest.mark.parametrize("p", [0.5, 0.55, 0.65, 0.8])
def test_intervals_hold_although_it_looks_often(p: float) -> None:
    assert stopped_early(p, 40, 4, looks=10)[0] > 0.95


def test_without_care_it_would_be_fooled() -> None:
    assert stopped_early(0.5, 40, 4, looks=1)[0] < 0.9
    assert stopped_early(0.65, 40, 4, looks=10)[1] > 0.655  # so there are no frequencies
