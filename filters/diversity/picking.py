"""Which rows are picked, which pick is nearest to each of the others, and how near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from limbeck.filters.diversity import centres, facility
from limbeck.filters.diversity.cells import Rows, cells
from limbeck.filters.diversity.vectors import SCALE, Vectors, cosines
from limbeck.record import content_hash

By = Literal["facility_location", "k_centre"]

CELL = 8192  # rows that are compared each with each: 128 MiB
EXACT = 4_000_000_000  # products of rows and picks that are made without cells: minutes
WIDER = 3  # candidates a pick in the second round
ROUND = 1 << 27  # pairs of a candidate and a row in it: 256 MiB
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
    are picked in cells of like rows, and the best of all cells are taken. Picks by
    facility location, up to 1,672 or more, are made a second time, among three times as many."""
    whole = len(vectors) <= CELL or (by == "k_centre" and len(vectors) * count <= EXACT)
    parts = [np.arange(len(vectors))] if whole else cells(vectors, CELL)
    rows: list[Rows] = []
    gains: list[npt.NDArray[np.float64]] = []
    for part in parts:
        inside = vectors if whole else vectors[part]
        few = min(count, len(part))
        if by == "k_centre":
            order, apart = centres.farthest_first(inside, few)
            gains.append(np.array(apart))
        else:
            order, added = facility.greedy(inside, few)
            gains.append(np.array(added) / facility.UNIT)
        rows.append(part[order])
    every, values = np.concatenate(rows), np.concatenate(gains)
    best = np.lexsort((every, -values))
    picks, values = every[best[:count]], values[best[:count]]
    if not whole and by == "facility_location" and _round_pays(len(vectors), count):
        picks, values = _again(vectors, np.sort(every[best[: WIDER * count]]), count)
    nearest, scores = _assigned(vectors, np.sort(picks), parts)
    nearest[picks], scores[picks] = picks, values
    return Picked(picks, scores, nearest)


def _round_pays(total: int, count: int) -> bool:
    """Whether a second round has all rows to go by, or 16 of them a pick."""
    return WIDER * count * min(total, 16 * count) <= ROUND


def _again(vectors: Vectors, candidates: Rows, count: int) -> tuple[Rows, npt.NDArray[np.float64]]:
    """The second round: picks among the candidates, by how they stand for evenly spaced rows of
    the whole set, as many as memory allows. Gains are scaled up."""
    most = min(len(vectors), ROUND // len(candidates))
    rows = np.linspace(0, len(vectors), most, endpoint=False).astype(np.int64)
    order, added = facility.greedy(vectors[candidates], count, vectors[rows])
    return candidates[order], np.array(added) * (len(vectors) / most / facility.UNIT)


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
        rows = np.sort(_drawn(len(vectors), most, "measured", seed))
    near = vectors[np.sort(picks)]
    found = [
        closest(vectors[rows[start : start + _BLOCK]], near)[1]
        for start in range(0, len(rows), _BLOCK)
    ]
    values = np.concatenate(found)
    return Cover(len(rows), float(values.mean()), float(values.min()))


def at_random(total: int, count: int, seed: int) -> Rows:
    """As many rows drawn by a seed."""
    return _drawn(total, count, "picked", seed)


def _drawn(total: int, count: int, what: str, seed: int) -> Rows:
    # A stream for each purpose: of one, the rows to measure on would be the random picks.
    stream = np.random.default_rng(int(content_hash([what, seed]), 16))
    return stream.choice(total, count, replace=False)
