"""Which source a call starts from."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.generators.adversarial.sources import (
    Kind,
    Source,
    Weight,
    drawn,
    mixed,
    of_kind,
    shares,
)
from tests.generators.adversarial.writing import sources


def hashed(text: str, size: int) -> int:
    """BLAKE2b of a canonical JSON text, without limbeck."""
    return int(hashlib.blake2b(text.encode(), digest_size=size).hexdigest(), 16)


@given(count=st.integers(1, 12), cycle=st.integers(0, 5), seed=st.integers(0, 9))
def test_even_draws_each_source_once_in_a_cycle(count: int, cycle: int, seed: int) -> None:
    given_ = sources(count, 0)
    calls = range(cycle * count, (cycle + 1) * count)
    ids = [drawn(given_, "even", seed, call).seed.id for call in calls]
    assert sorted(ids) == sorted(one.seed.id for one in given_)


def test_every_cycle_and_every_seed_has_an_order_of_its_own() -> None:
    orders = {
        tuple(drawn(sources(8, 0), "even", seed, 8 * cycle + n).seed.id for n in range(8))
        for seed in range(3)
        for cycle in range(3)
    }
    assert len(orders) == 9


def test_even_is_the_order_of_the_hashes() -> None:
    ids = [f"seed {n}" for n in range(4)]
    order = sorted(ids, key=lambda name: hashed(f'[7,"even",1,"{name}"]', 16))
    assert [drawn(sources(4, 0), "even", 7, 4 + n).seed.id for n in range(4)] == order


def test_gap_is_a_point_on_the_line_of_the_gaps() -> None:
    """seed 0 has [0, 1) of 6, seed 1 [1, 3), seed 2 [3, 6)."""
    found = [drawn(sources(3, 0), "gap", 7, call).seed.id for call in range(20)]
    expected = []
    for call in range(20):
        point = Fraction(6 * hashed(f'[7,"gap",{call}]', 6), 2**48)
        expected.append("seed 0" if point < 1 else "seed 1" if point < 3 else "seed 2")
    assert found == expected
    assert len(set(found)) == 3


def test_gap_draws_in_proportion_to_the_gaps() -> None:
    calls = 4000
    counts = Counter(drawn(sources(4, 0), "gap", 0, call).seed.id for call in range(calls))
    for place in range(4):
        share = (1 + place) / 10
        off = abs(counts[f"seed {place}"] - calls * share)
        assert off < 4 * math.sqrt(calls * share * (1 - share))


@pytest.mark.parametrize("weight", ["even", "gap"])
def test_the_order_of_the_sources_means_nothing(weight: Weight) -> None:
    one, other = sources(7, 0), sources(7, 0)[::-1]
    for call in range(30):
        assert drawn(one, weight, 3, call) == drawn(other, weight, 3, call)


def test_easy_ones_are_drawn_alike_whatever_the_weight() -> None:
    given_ = [Source(one.seed, "easy", gap) for gap, one in enumerate(sources(0, 5))]
    for call in range(20):
        assert drawn(given_, "gap", 1, call) == drawn(given_, "even", 1, call)


def test_none_and_mixed_sources_are_an_error() -> None:
    with pytest.raises(ValueError, match="no source"):
        drawn([], "even", 0, 0)
    with pytest.raises(ValueError, match="of one kind"):
        drawn(sources(1, 1), "gap", 0, 0)


def test_a_kind_without_sources_leaves_its_part_to_the_other() -> None:
    wanted: dict[Kind, int] = {"hard": 3, "easy": 2}
    assert shares(sources(1, 1), wanted) == ({"hard": 3, "easy": 2}, "")
    found, said = shares(sources(0, 2), wanted)
    assert found == {"hard": 0, "easy": 5}
    assert said == "no question was hard: all 5 new instructions are made from easy ones"
    assert shares(sources(2, 0), wanted)[0] == {"hard": 5, "easy": 0}
    found, said = shares([], wanted)
    assert found == {"hard": 0, "easy": 0}
    assert "no question could be scored" in said


def test_a_kind_that_is_not_wanted_is_not_missed() -> None:
    assert shares(sources(2, 0), {"hard": 3, "easy": 0}) == ({"hard": 3, "easy": 0}, "")


def test_of_kind_keeps_the_order() -> None:
    assert of_kind(sources(2, 2), "easy") == sources(2, 2)[2:]


def test_mixed_is_even_from_the_beginning() -> None:
    kinds = "".join(kind[0] for kind, _ in mixed({"hard": 2, "easy": 4}))
    assert kinds == "eheehe"
    assert mixed({"hard": 2, "easy": 2}) == [("hard", 0), ("easy", 0), ("hard", 1), ("easy", 1)]
    assert mixed({"hard": 0, "easy": 1}) == [("easy", 0)]
