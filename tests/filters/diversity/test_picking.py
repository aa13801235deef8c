"""Picks against plain greedy and against the best there is, on sets small enough for both."""

from __future__ import annotations

from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.filters.diversity import picking
from limbeck.filters.diversity.cells import cells
from limbeck.filters.diversity.centres import farthest_first
from limbeck.filters.diversity.facility import UNIT, greedy
from limbeck.filters.diversity.picking import at_random, closest, cover, picked
from limbeck.filters.diversity.vectors import SCALE, Vectors, cosines, whole

By = Literal["facility_location", "k_centre"]


def drawn(rows: int, seed: int, size: int = 6, copies: int = 0) -> Vectors:
    """Vectors around a few centres, some of them twice."""
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(4, size))
    found = centres[draw.integers(0, 4, rows)] + 0.5 * draw.normal(size=(rows, size))
    found[rows - copies :] = found[:copies]
    return whole(found)


def exact(vectors: Vectors) -> npt.NDArray[np.int64]:
    """Products in 64 bits, none below 0."""
    wide = vectors.astype(np.int64)
    found: npt.NDArray[np.int64] = np.maximum(np.einsum("nd,md->nm", wide, wide), 0)
    return found


def plain_greedy(near: npt.NDArray[np.int64], count: int) -> tuple[list[int], list[int]]:
    """Every row's gain counted anew for every pick."""
    best, picks, gains = np.zeros(len(near), np.int64), list[int](), list[int]()
    for _ in range(count):
        left = [row for row in range(len(near)) if row not in picks]
        gain = {row: int(np.maximum(near[row] - best, 0).sum()) for row in left}
        pick = max(left, key=lambda row: (gain[row], -row))
        picks.append(pick)
        gains.append(gain[pick])
        best = np.maximum(best, near[pick])
    return picks, gains


@pytest.mark.parametrize("seed", range(12))
def test_lazy_greedy_is_plain_greedy(seed: int) -> None:
    vectors = drawn(40, seed, copies=seed)
    shrink = round(SCALE**2 / UNIT)
    near = exact(vectors) // shrink
    assert greedy(vectors, 25) == plain_greedy(near, 25)


@pytest.mark.parametrize("seed", range(6))
def test_facility_location_keeps_its_promise(seed: int) -> None:
    vectors = drawn(11, seed)
    near = exact(vectors)
    picks, gains = greedy(vectors, 3)
    best = max(near[list(rows)].max(axis=0).sum() for rows in combinations(range(11), 3))
    ours = near[picks].max(axis=0).sum()
    assert ours >= (1 - 1 / np.e) * best
    assert sum(gains) / UNIT == pytest.approx(ours / SCALE**2, abs=11 / UNIT)
    assert gains == sorted(gains, reverse=True)


@pytest.mark.parametrize("seed", range(6))
def test_k_centre_keeps_its_promise(seed: int) -> None:
    vectors = drawn(11, seed)
    unit = vectors / np.linalg.norm(vectors.astype(float), axis=1, keepdims=True)
    apart = np.linalg.norm(unit[:, None] - unit[None], axis=2)
    picks, distances = farthest_first(vectors, 4)
    best = min(apart[list(rows)].min(axis=0).max() for rows in combinations(range(11), 4))
    assert apart[picks].min(axis=0).max() <= 2 * best + 1e-3
    for place in range(1, 4):
        left = apart[picks[:place]].min(axis=0)
        assert left[picks[place]] == pytest.approx(left.max(), abs=2e-3)
        assert distances[place] == pytest.approx(left.max(), abs=2e-3)
    assert distances[0] == 2
    assert distances == sorted(distances, reverse=True)


def test_equal_rows_go_by_position_and_each_is_picked_once() -> None:
    same = whole(np.ones((5, 3)))
    assert greedy(same, 5)[0] == [0, 1, 2, 3, 4]
    assert farthest_first(same, 5)[0] == [0, 1, 2, 3, 4]
    assert greedy(same, 9)[0] == [0, 1, 2, 3, 4]


def test_products_are_exact_in_whatever_order_they_are_added() -> None:
    vectors = whole(np.random.default_rng(1).normal(size=(50, 768)))
    wide = vectors.astype(np.int64)
    assert np.array_equal(cosines(vectors, vectors), np.maximum(wide @ wide.T, 0))
    mixed = np.random.default_rng(2).permutation(768)
    assert np.array_equal(cosines(vectors[:, mixed], vectors[:, mixed]), cosines(vectors, vectors))


def test_lengths_do_not_matter_and_blank_rows_are_alike() -> None:
    found = whole(np.array([[3.0, 4.0], [30.0, 40.0], [0.0, 0.0], [0.0, 0.0]]))
    assert found.tolist() == [[1200, 1600], [1200, 1600], [2000, 0], [2000, 0]]


@given(st.integers(1, 60), st.integers(2, 9), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_cells_hold_every_row_once(rows: int, most: int, seed: int) -> None:
    vectors = drawn(rows, seed, copies=rows // 2)
    found = cells(vectors, most)
    assert sorted(row for cell in found for row in cell.tolist()) == list(range(rows))
    assert all(most // 2 <= len(cell) <= most for cell in found) or rows <= most
    assert all(cell.tolist() == sorted(cell.tolist()) for cell in found)


def test_cells_hold_like_rows() -> None:
    turns = np.pi * np.arange(32) / 31  # half a circle, in mixed order
    mixed = np.random.default_rng(0).permutation(32)
    found = cells(whole(np.stack([np.cos(turns), np.sin(turns)], 1)[mixed]), 8)
    places = sorted(sorted(mixed[cell].tolist()) for cell in found)
    assert places == [list(range(start, start + 8)) for start in (0, 8, 16, 24)]


@pytest.mark.parametrize("step", [1, 2])
def test_a_second_round_is_greedy_among_the_best_of_the_cells(
    step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picking, "CELL", 64)
    vectors = drawn(240, 9, size=24)
    count = 12 if step == 1 else 6
    monkeypatch.setattr(picking, "ROUND", 0)
    first = picked(vectors, 3 * count, "facility_location").picks
    once = picked(vectors, count, "facility_location").picks
    monkeypatch.setattr(picking, "ROUND", 3 * count * 240 // step)
    found = picked(vectors, count, "facility_location")
    rows = np.arange(0, 240, step)
    near = exact(vectors)[:, rows] // round(SCALE**2 / UNIT)
    best, candidates = np.zeros(len(rows), np.int64), np.sort(first)
    for pick in found.picks.tolist():
        gains = np.maximum(near[candidates] - best, 0).sum(axis=1)
        assert pick == candidates[np.argmax(gains)]
        scale = 240 / len(rows) / UNIT
        assert found.scores[pick] == pytest.approx(int(gains.max()) * scale)
        best = np.maximum(best, near[pick])
    assert cover(vectors, found.picks, 0).mean > cover(vectors, once, 0).mean


def test_in_cells_greedy_is_greedy_on_the_cells_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picking, "CELL", 16)
    monkeypatch.setattr(picking, "ROUND", 0)
    vectors = drawn(60, 3)
    near = exact(vectors) // round(SCALE**2 / UNIT)
    inside = np.zeros_like(near)
    for cell in cells(vectors, 16):
        inside[np.ix_(cell, cell)] = near[np.ix_(cell, cell)]
    expected, gains = plain_greedy(inside, 20)
    found = picked(vectors, 20, "facility_location")
    assert found.picks.tolist() == expected
    assert found.scores[expected].tolist() == pytest.approx([gain / UNIT for gain in gains])


@pytest.mark.parametrize("by", ["facility_location", "k_centre"])
@pytest.mark.parametrize("limit", [10, 10**9])
def test_every_row_names_its_nearest_pick(
    by: By, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picking, "CELL", 32)
    monkeypatch.setattr(picking, "EXACT", limit)
    vectors = drawn(100, 5)
    found = picked(vectors, 30, by)
    assert len(set(found.picks.tolist())) == 30
    near = exact(vectors) / SCALE**2
    for row in range(100):
        if row in found.picks:
            assert found.nearest[row] == row
            continue
        assert found.nearest[row] in found.picks
        assert found.scores[row] == pytest.approx(near[row, found.nearest[row]], abs=1e-3)
        if limit == 10**9:
            assert found.scores[row] == pytest.approx(near[row, found.picks].max(), abs=1e-3)


def test_cover_and_nearest_against_plain_numpy() -> None:
    vectors = drawn(80, 7)
    picks = at_random(80, 9, seed=3)
    best = (exact(vectors)[:, picks] / SCALE**2).max(axis=1)
    found = cover(vectors, picks, seed=0)
    assert found.rows == 80
    assert (found.mean, found.least) == pytest.approx((best.mean(), best.min()), abs=1e-3)
    place, values = closest(vectors, vectors[picks])
    assert values == pytest.approx(best, abs=1e-3)
    assert np.array_equal(place, exact(vectors)[:, picks].argmax(axis=1))


def test_the_rows_measured_on_are_not_the_random_picks(monkeypatch: pytest.MonkeyPatch) -> None:
    # On rows that share nothing, the mean cosine is the share of the measured rows that are picked.
    monkeypatch.setattr(picking, "_SAMPLE", 100)
    vectors = whole(np.eye(1000))
    found = cover(vectors, at_random(1000, 200, seed=0), seed=0)
    assert found.rows == 100
    assert 0.05 < found.mean < 0.4  # 0.2 is expected; 1 if both were one draw


@pytest.mark.parametrize("seed", range(4))
def test_picks_cover_better_than_random_ones(seed: int) -> None:
    vectors = drawn(400, seed, size=24)
    chance = [cover(vectors, at_random(400, 12, draw), 0) for draw in range(10)]
    ours = cover(vectors, picked(vectors, 12, "facility_location").picks, 0)
    assert ours.mean > max(found.mean for found in chance)
    net = cover(vectors, picked(vectors, 12, "k_centre").picks, 0)
    assert net.least > np.mean([found.least for found in chance])
