"""The win rate at equal length and formatting.

A logistic regression with a term for the pair of models and terms for the differences of their
answers, predicted where these are nought: AlpacaEval's length control (Dubois, Galambosi, Liang,
Hashimoto 2024) with the features of Chatbot Arena's style control (Li, Angelopoulos, Chiang 2024).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limbeck.wilson import Z95

LEAST = 20  # prompts: below that, six terms are not fitted
APART = 0.1  # of the term for the models that the differences do not explain, at the least
PRIOR = 5.0  # the standard deviation of all terms but that for the models, in logits
STEPS = 200
LARGEST = 2.0  # logits that a term may move in a step: Newton's can overshoot
CLOSE = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Controlled:
    """The win rate at nought differences with its 95% interval, and the term of each difference in
    logits: of length for a tanh of 1, of the others for a root mean square; None for one in which
    the answers never differ."""

    value: float
    low: float
    high: float
    coefficients: tuple[float | None, ...]


def controlled(outcomes: ArrayLike, one: ArrayLike, other: ArrayLike) -> Controlled | None:
    """The controlled win rate of `one` over `other`, over n prompts.

    `outcomes` (n, 2) says what `one` won when it stood first and second: 1, 0.5 for a tie, 0.
    `one` and `other` (n, features) are counts, the length first. The logit of an outcome is

        models + position * (+1 first, -1 second) + length * tanh(d / rms(d)) + sum_k b_k z_k

    where d is the difference of the logarithms of 1 + length, and z_k that of the k-th counts
    relative to their sum (Arena's), over its root mean square. Over both orders the differences'
    mean is nought, so the root mean square is their standard deviation. AlpacaEval takes d from the
    lengths themselves: there a few answers that run on to their limit set the scale, all others
    count as equally long, and nothing is controlled. The value is the mean of the predictions for
    both places at nought differences, so that the places cancel as in a raw win rate.

    Priors hold where data is separated: normal ones of standard deviation `PRIOR`, and for the
    term of the models two more prompts, one won and one lost in both orders (Bonett and Price
    2012 do so for paired proportions). The interval is the sandwich's with prompts as clusters, so
    that both orders of a prompt count once, on the scale of the logit.

    None for fewer than `LEAST` prompts, and where the differences point one way so nearly always
    that models and style cannot be told apart. Raises ValueError for shapes that do not fit.
    """
    won = np.asarray(outcomes, dtype=np.float64)
    counts = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    n = len(won)
    if won.shape != (n, 2) or counts[0].shape != counts[1].shape or len(counts[0]) != n:
        shapes = (won.shape, counts[0].shape, counts[1].shape)
        raise ValueError(f"outcomes, one and other do not fit each other: they have {shapes}")
    if n < LEAST:
        return None
    differences = _differences(*counts)
    used = np.flatnonzero(differences.any(axis=0))
    seen = differences[:, used]
    if _left(seen) < APART:
        return None
    terms, covariance = _fit(seen, won)
    value, low, high = _prediction(terms, covariance)
    found = dict(zip(used.tolist(), terms[2:].tolist(), strict=True))
    return Controlled(value, low, high, tuple(found.get(k) for k in range(differences.shape[1])))


def _differences(one: Floats, other: Floats) -> Floats:
    """(n, features), each of root mean square 1 but for the tanh; nought where none differ."""
    total = one + other
    made = (one - other) / np.where(total > 0, total, 1.0)
    made[:, 0] = np.log1p(one[:, 0]) - np.log1p(other[:, 0])
    size = np.sqrt((made**2).mean(axis=0))
    made /= np.where(size > 0, size, 1.0)
    made[:, 0] = np.tanh(made[:, 0])
    return made


def _left(seen: Floats) -> float:
    """The share of a constant that the differences do not explain (one over the variance inflation
    factor): 1 where they are balanced, 0 where one model's answers are all longer by as much."""
    if not seen.size:
        return 1.0
    mean = seen.mean(axis=0)
    moments = seen.T @ seen / len(seen)
    return 1.0 - float(mean @ np.linalg.lstsq(moments, mean, rcond=None)[0])


def _fit(seen: Floats, won: Floats) -> tuple[Floats, Floats]:
    """The terms (models, position, differences...), and their covariance by the sandwich."""
    n = len(seen)
    # The two prompts of the prior differ in nothing.
    rows = np.vstack([seen, np.zeros((2, seen.shape[1]))])
    ones = np.ones((n + 2, 1))
    design = np.vstack([np.hstack([ones, place * ones, rows]) for place in (1.0, -1.0)])
    outcomes = np.vstack([won, [[1.0, 1.0], [0.0, 0.0]]]).T.ravel()
    precision = np.full(design.shape[1], 1 / PRIOR**2)
    precision[0] = 0.0
    terms = np.zeros(design.shape[1])
    for _ in range(STEPS):
        expected = _logistic(design @ terms)
        slope = design.T @ (outcomes - expected) - precision * terms
        step = np.linalg.solve(_curvature(design, expected, precision), slope)
        terms = terms + step * min(1.0, LARGEST / max(float(np.abs(step).max()), CLOSE))
        if np.abs(step).max() < CLOSE:
            break
    expected = _logistic(design @ terms)
    scores = design * (outcomes - expected)[:, None]
    by_prompt = scores[: n + 2] + scores[n + 2 :]
    bread = np.linalg.inv(_curvature(design, expected, precision))
    freedom = (n + 2) / max(n + 2 - len(terms), 1)
    return terms, freedom * bread @ (by_prompt.T @ by_prompt) @ bread


def _curvature(design: Floats, expected: Floats, precision: Floats) -> Floats:
    weighted = design * (expected * (1 - expected))[:, None]
    return np.asarray(design.T @ weighted + np.diag(precision), dtype=np.float64)


def _prediction(terms: Floats, covariance: Floats) -> tuple[float, float, float]:
    """The mean over both places at nought differences, and its interval."""
    places = _logistic(np.array([terms[0] + terms[1], terms[0] - terms[1]]))
    value = float(places.mean())
    slopes = places * (1 - places) / 2
    moved = np.zeros(len(terms))
    moved[:2] = slopes.sum(), slopes[0] - slopes[1]
    spread = math.sqrt(max(0.0, float(moved @ covariance @ moved))) / (value * (1 - value))
    centre = math.log(value / (1 - value))
    low, high = _logistic(np.array([centre - Z95 * spread, centre + Z95 * spread]))
    return value, float(low), float(high)


def _logistic(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(x / 2)), dtype=np.float64)
