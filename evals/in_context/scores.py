"""Metrics of predicted distributions over labels, for many weightings of the rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

BINS = 10


@dataclass(frozen=True, slots=True)
class Predictions:
    """R seeds, N rows, C labels (the most that a row has): `probabilities` (R, N, C), `target`
    (N,). `soft` where probabilities are more than a label, `shared` where all rows have the same
    labels.

    `predicted` (R, N) is the likeliest label, of equal ones the first; -1 where no label was said.
    """

    probabilities: Floats
    target: Whole
    soft: bool
    shared: bool

    @property
    def predicted(self) -> Whole:
        said = self.probabilities.max(-1) > 0
        places: Whole = np.where(said, self.probabilities.argmax(-1), -1)
        return places

    @property
    def correct(self) -> Floats:
        right: Floats = (self.predicted == self.target).astype(np.float64)
        return right

    def of(self, rows: Sequence[int]) -> Predictions:
        """The same of some rows."""
        kept = list(rows)
        return Predictions(self.probabilities[:, kept], self.target[kept], self.soft, self.shared)


# Each of these takes weights (B, N) whose rows sum to 1, and gives (B, R): what the metric is of
# every seed when rows weigh so much.


def accuracy(made: Predictions, weights: Floats) -> Floats:
    """The share of right labels."""
    return _weighed(made.correct, weights)


def macro_f1(made: Predictions, weights: Floats) -> Floats:
    """The mean F1 over labels that are a target or predicted, as scikit-learn has it."""
    f1, targets, predicted = _f1(made, weights)
    return _mean(f1, (targets > 0) | (predicted > 0))


def macro_f1_target(made: Predictions, weights: Floats) -> Floats:
    """The mean F1 over labels that are a target of some row, as MetaICL has it: a label that is
    predicted and never right costs nothing by itself."""
    f1, targets, _ = _f1(made, weights)
    return _mean(f1, targets > 0)


def brier(made: Predictions, weights: Floats) -> Floats:
    """The mean over rows of the sum over labels of (p - [it is the target])^2: 0 to 2."""
    target = np.eye(made.probabilities.shape[-1])[made.target]
    return _weighed(((made.probabilities - target) ** 2).sum(-1), weights)


def ece(made: Predictions, weights: Floats) -> Floats:
    """Expected calibration error (Guo et al. 2017, arXiv:1706.04599): rows in ten bins of equal
    width by the probability of their prediction; the mean distance of that and the share of right
    ones."""
    confidence = made.probabilities.max(-1)
    excess = confidence - made.correct
    # 1.0 is in the last bin; a border between two belongs to the lower one.
    place = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    found = np.zeros((len(weights), len(confidence)))
    for one in range(BINS):
        found += np.abs(_weighed(np.where(place == one, excess, 0.0), weights))
    return found


def agreement(one: Predictions, two: Predictions, weights: Floats) -> Floats:
    """The share of rows on which two models, asked alike, predict the same label."""
    return _weighed((one.predicted == two.predicted).astype(np.float64), weights)


def distance(one: Predictions, two: Predictions, weights: Floats) -> Floats:
    """The mean total variation distance of two models' distributions: 0 where they are the same, 1
    where they have no label in common."""
    return _weighed(np.abs(one.probabilities - two.probabilities).sum(-1) / 2, weights)


def _weighed(values: Floats, weights: Floats) -> Floats:
    """The weighted mean over rows of values (R, N): (B, R)."""
    mean: Floats = weights @ values.T
    return mean


def _f1(made: Predictions, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """F1 of every label, and how much of the weight has it as target and as prediction: each
    (B, R, C)."""
    count = made.probabilities.shape[-1]
    labels = np.arange(count)
    is_target = (made.target[:, None] == labels).astype(np.float64)  # (N, C)
    is_said = (made.predicted[..., None] == labels).astype(np.float64)  # (R, N, C)
    targets = np.broadcast_to((weights @ is_target)[:, None], (len(weights), len(is_said), count))
    predicted = np.einsum("bn,rnc->brc", weights, is_said, optimize=True)
    both = np.einsum("bn,rnc->brc", weights, is_said * is_target, optimize=True)
    total = targets + predicted
    f1 = np.divide(2 * both, total, out=np.zeros_like(total), where=total > 0)
    return f1, targets, predicted


def _mean(values: Floats, counted: NDArray[np.bool_]) -> Floats:
    mean: Floats = (values * counted).sum(-1) / np.maximum(counted.sum(-1), 1)
    return mean
