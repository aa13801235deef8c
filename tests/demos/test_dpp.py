"""The greedy set of a DPP against determinants, and kernels that are singular."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.demos import selector
from limbeck.demos.dpp import greedy_map
from limbeck.errors import UserError
from tests.demos.pools import Given, angles, pool_of

Floats = npt.NDArray[np.float64]


def kernel(log_quality: Floats, similarity: Floats) -> Floats:
    quality = np.exp(log_quality)
    return quality[:, None] * similarity * quality


def random_case(seed: int, n: int = 7) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, 9))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return rng.uniform(-1, 1, n), (1 + vectors @ vectors.T) / 2


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6))
def test_every_pick_is_the_one_of_the_greatest_determinant(seed: int, k: int) -> None:
    log_quality, similarity = random_case(seed)
    chosen, gains = greedy_map(log_quality, similarity, k)
    matrix = kernel(log_quality, similarity)
    so_far: list[int] = []
    for pick, gain in zip(chosen.tolist(), gains.tolist(), strict=True):
        log_det = {
            n: np.linalg.slogdet(matrix[np.ix_([*so_far, n], [*so_far, n])])[1]
            for n in range(len(matrix))
            if n not in so_far
        }
        before = np.linalg.slogdet(matrix[np.ix_(so_far, so_far)])[1] if so_far else 0
        assert log_det[pick] == pytest.approx(max(log_det.values()), abs=1e-6)
        assert gain == pytest.approx(log_det[pick] - before, abs=1e-6)
        so_far.append(pick)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_the_set_is_near_the_most_probable_of_all(seed: int, k: int) -> None:
    """The greedy volume is at least 1/k! of the greatest (Civril & Magdon-Ismail 2009)."""
    log_quality, similarity = random_case(seed)
    chosen, _ = greedy_map(log_quality, similarity, k)
    matrix = kernel(log_quality, similarity)
    found = np.linalg.det(matrix[np.ix_(chosen, chosen)])
    best = max(
        np.linalg.det(matrix[np.ix_(some, some)])
        for some in map(list, itertools.combinations(range(len(matrix)), k))
    )
    assert best * (1 - 1e-9) <= found * math.factorial(k) ** 2


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_most_probable_set_of_a_small_pool(k: int) -> None:
    """Two pairs of near copies and one apart: found by trying all sets."""
    vectors = {
        "a": (1, 0, 0),
        "b": (1, 0.2, 0),
        "c": (0, 1, 0),
        "d": (0, 1, 0.2),
        "e": (0, 0, 1),
        "q": (1, 0.8, 0.6),
    }
    unit = {text: np.array(v) / np.linalg.norm(v) for text, v in vectors.items()}
    matrix = np.zeros((5, 5))
    for (i, a), (j, b) in itertools.product(enumerate("abcde"), repeat=2):
        quality = [math.exp((1 + unit[x] @ unit["q"]) / 2 / (2 * 0.1)) for x in (a, b)]
        matrix[i, j] = quality[0] * (1 + unit[a] @ unit[b]) / 2 * quality[1]
    sets = [list(some) for some in itertools.combinations(range(5), k)]
    best = max(sets, key=lambda some: float(np.linalg.det(matrix[np.ix_(some, some)])))
    found = selector("dpp", pool_of(*"abcde"), encoder=Given(vectors)).select("q", k)
    assert sorted(found.ids) == [f"d{n}" for n in best]
    log_det = np.linalg.slogdet(matrix[np.ix_(best, best)])[1]
    assert sum(found.scores) == pytest.approx(log_det, abs=1e-4)


def test_copies_come_after_everything_else() -> None:
    """Their determinant is 0: without a guard this divides by 0, or takes a copy."""
    encoder = angles(a=0, b=90, c=130, q=0)
    pool = pool_of("a", "a", "a", "b", "b", "c")
    found = selector("dpp", pool, encoder=encoder).select("q", 6)
    assert found.ids[:3] == ("d0", "d3", "d5")
    assert found.ids[3:] == ("d1", "d2", "d4")  # by quality, then by place
    assert all(map(math.isfinite, found.scores))


def test_no_quality_makes_up_for_a_determinant_of_0() -> None:
    similarity = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1.0]])
    chosen, gains = greedy_map(np.array([30.0, 30, 0]), similarity, 3)
    assert chosen.tolist() == [0, 2, 1]
    assert gains.tolist()[:2] == [60, 0]


def test_more_demos_than_the_kernel_has_ranks() -> None:
    pool = pool_of(*(f"t{n}" for n in range(30)))
    encoder = angles(**{f"t{n}": 3.0 * n for n in range(30)}, q=20)
    found = selector("dpp", pool, encoder=encoder).select("q", 30)
    assert len(set(found.ids)) == 30
    assert found.ids[0] == "d7"


def test_a_small_scale_does_not_overflow() -> None:
    encoder = angles(a=0, b=30, c=60, q=0)
    one = selector("dpp", pool_of(*"abc"), encoder=encoder, scale=1e-4)
    assert one.select("q", 3).ids == ("d0", "d1", "d2")


def test_only_the_nearest_are_looked_at() -> None:
    encoder = angles(a=0, b=5, c=-60, q=1)
    pool = pool_of(*"abc")
    assert selector("dpp", pool, encoder=encoder, scale=10).select("q", 2).ids == ("d0", "d2")
    few = selector("dpp", pool, encoder=encoder, scale=10, top=2)
    assert few.select("q", 2).ids == ("d0", "d1")
    assert few.select("q", 2, ["d1"]).ids == ("d0", "d2")


def test_a_vector_of_zeros_is_no_harm() -> None:
    encoder = Given({"a": (1, 0), "b": (0, 0), "c": (0, 0), "q": (0, 0)})
    assert len(selector("dpp", pool_of(*"abc"), encoder=encoder).select("q", 3).ids) == 3


@pytest.mark.parametrize("options", [{"scale": 0}, {"scale": math.nan}, {"top": 0}])
def test_options_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(UserError, match="DPP"):
        selector("dpp", pool_of("a"), **options)
