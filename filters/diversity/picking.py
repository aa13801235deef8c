"""Which rows are picked, which picked row each of the others is nearest to, and how well that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from limbeck.filters.diversity import centres, facility
from limbeck.filters.diversity.cells import Rows, cells
from limbeck.filters.diversity.vectors import SCALE, Vectors, cosines

By = Literal["facility_location", "k_centre"]

CELL = 8192  # rows that are compared each with each: 128 MiB
EXACT = 4_000_000_000  # products of rows and picks that are made without cells: minutes
_SAMPLE = 10_000  # rows on which the picks are compared with a random draw
_BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Picked:
    """`scores` (N,): for a picked row what it added when it was picked (facility location: cosines
    summed over rows; k-centre: its distance from the picks before), for any other its cosine with
    the nearest picked row. `nearest` (N,): that row; a picked row itself."""

    picks: Rows
    scores: npt.NDArray[np.float64]
    nearest: Rows


@dataclass(frozen=True, slots=True)
class Cover:
    """How well some picks stand for `rows` of the rows: the mean and the least cosine of a row
    with the pick that is nearest."""

    rows: int
    mean: float
    least: float


def picked(vectors: Vectors, count: int, by: By) -> Picked:
    """`count` rows of (N, D), N at least. Beyond CELL rows (k-centre: beyond EXACT / count), rows
    are picked in cells of like rows, and the best of all cells are taken."""
    whole = len(vectors) <= CELL or (by == "k_centre" and len(vectors) * count <= EXACT)
    parts = [np.arange(len(vectors))] if whole else cells(vectors, CELL)
    rows, gains = [], []
    for part in parts:
        inside = vectors if whole else vectors[part]
        few = min(count, len(part))
        if by == "k_centre":
            order, gain = centres.farthest_first(inside, few)
        else:
            order, added = facility.greedy(inside, few)
            gain = [value / facility.UNIT for value in added]
        rows.append(part[order])
        gains.append(np.array(gain))
    every, values = np.concatenate(rows), np.concatenate(gains)
    best = np.lexsort((every, -values))[:count]
    picks = every[best]
    nearest, scores = _assigned(vectors, np.sort(picks), parts)
    nearest[picks], scores[picks] = picks, values[best]
    return Picked(picks, scores, nearest)


def _assigned(
    vectors: Vectors, picks: Rows, parts: list[Rows]
) -> tuple[Rows, npt.NDArray[np.float64]]:
    """The nearest pick of every row, and the cosine with it; the first of equal ones. Where these
    are too many products, the nearest of the row's own cell, if there is one."""
    nearest = np.empty(len(vectors), np.int64)
    scores = np.empty(len(vectors))
    if len(vectors) * len(picks) <= EXACT:
        parts = [np.arange(len(vectors))]
    for part in parts:
        near = picks if len(parts) == 1 else np.intersect1d(picks, part, assume_unique=True)
        near = near if len(near) else picks
        for start in range(0, len(part), _BLOCK):
            rows = part[start : start + _BLOCK]
            place, scores[rows] = closest(vectors[rows], vectors[near])
            nearest[rows] = near[place]
    return nearest, scores


def closest(some: Vectors, others: Vectors) -> tuple[Rows, npt.NDArray[np.float64]]:
    """For every one of `some`, the place of the nearest of `others`, and the cosine with it."""
    place = np.zeros(len(some), np.int64)
    best = np.full(len(some), -1.0, np.float32)
    for start in range(0, len(others), 8 * _BLOCK):
        near = cosines(some, others[start : start + 8 * _BLOCK])
        own = np.argmax(near, axis=1)
        value = near[np.arange(len(some)), own]
        better = value > best
        place[better], best[better] = own[better] + start, value[better]
    return place, np.minimum(best.astype(np.float64) / SCALE**2, 1.0)


def cover(vectors: Vectors, picks: Rows, seed: int) -> Cover:
    """How well the picks stand for all rows, or for a sample of them, drawn by the seed, where
    there are many."""
    most = max(1, min(_SAMPLE, EXACT // len(picks)))
    rows = np.arange(len(vectors))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(len(vectors), most, replace=False))
    near = vectors[np.sort(picks)]
    found = [
        closest(vectors[rows[start : start + _BLOCK]], near)[1]
        for start in range(0, len(rows), _BLOCK)
    ]
    values = np.concatenate(found)
    return Cover(len(rows), float(values.mean()), float(values.min()))


def at_random(total: int, count: int, seed: int) -> Rows:
    """As many rows drawn by a seed."""
    return np.random.default_rng(seed).choice(total, count, replace=False)
