"""Metrics, beside plain loops over rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.evals.in_context import scores
from limbeck.evals.in_context.scores import Predictions


@st.composite
def predictions(draw: Any) -> Predictions:
    seeds, rows, labels = (draw(st.integers(low, high)) for low, high in ((1, 3), (1, 7), (2, 4)))
    numbers = st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0, 3.0])
    table = np.array(
        [[[draw(numbers) for _ in range(labels)] for _ in range(rows)] for _ in range(seeds)]
    )
    total = table.sum(-1, keepdims=True)
    table = np.divide(table, total, out=np.zeros_like(table), where=total > 0)
    target = np.array([draw(st.integers(0, labels - 1)) for _ in range(rows)])
    return Predictions(table, target, soft=True, shared=True)


def predicted(row: list[float]) -> int:
    return row.index(max(row)) if max(row) > 0 else -1


def plain_accuracy(rows: list[list[float]], target: list[int]) -> float:
    return sum(predicted(row) == t for row, t in zip(rows, target, strict=True)) / len(rows)


def plain_f1(rows: list[list[float]], target: list[int], said_too: bool) -> float:
    said = [predicted(row) for row in rows]
    counted = set(target) | ({s for s in said if s >= 0} if said_too else set())
    found = []
    for label in counted:
        hits = sum(s == t == label for s, t in zip(said, target, strict=True))
        precision = hits / said.count(label) if label in said else 0.0
        recall = hits / target.count(label) if label in target else 0.0
        both = precision + recall
        found.append(2 * precision * recall / both if both else 0.0)
    return sum(found) / len(found)


def plain_brier(rows: list[list[float]], target: list[int]) -> float:
    return sum(
        sum((p - (place == t)) ** 2 for place, p in enumerate(row))
        for row, t in zip(rows, target, strict=True)
    ) / len(rows)


def plain_ece(rows: list[list[float]], target: list[int]) -> float:
    bins: dict[int, list[float]] = {}
    for row, t in zip(rows, target, strict=True):
        confidence = max(row)
        place = next(n for n in range(1, 11) if confidence <= n / 10 + 1e-12)
        bins.setdefault(place, []).append(confidence - (predicted(row) == t))
    return sum(abs(sum(one)) for one in bins.values()) / len(rows)


PLAIN: dict[str, tuple[Any, Callable[[list[list[float]], list[int]], float]]] = {
    "accuracy": (scores.accuracy, plain_accuracy),
    "macro_f1": (scores.macro_f1, lambda rows, target: plain_f1(rows, target, True)),
    "macro_f1_target": (scores.macro_f1_target, lambda rows, target: plain_f1(rows, target, False)),
    "brier": (scores.brier, plain_brier),
    "ece": (scores.ece, plain_ece),
}


@pytest.mark.parametrize("name", PLAIN)
@settings(max_examples=60, deadline=None)
@given(made=predictions(), picked=st.lists(st.integers(0, 6), min_size=1, max_size=9))
def test_a_weight_is_how_often_a_row_is_there(
    name: str, made: Predictions, picked: list[int]
) -> None:
    metric, plain = PLAIN[name]
    rows = [one % len(made.target) for one in picked]
    counts = np.bincount(rows, minlength=len(made.target))
    weights = np.stack([np.full(len(counts), 1 / len(counts)), counts / counts.sum()])
    found = metric(made, weights)
    assert found.shape == (2, len(made.probabilities))
    for seed, table in enumerate(made.probabilities.tolist()):
        whole, target = list(table), made.target.tolist()
        assert found[0, seed] == pytest.approx(plain(whole, target), abs=1e-9)
        drawn = plain([whole[row] for row in rows], [target[row] for row in rows])
        assert found[1, seed] == pytest.approx(drawn, abs=1e-9)


def test_the_two_macro_f1_differ_by_a_label_that_is_said_and_never_right() -> None:
    # Targets a, a, b; said a, c, b. F1 of a is 2/3, of b 1, of c 0.
    table = np.array([[[1.0, 0, 0], [0, 0, 1.0], [0, 1.0, 0]]])
    made = Predictions(table, np.array([0, 0, 1]), soft=False, shared=True)
    even = np.full((1, 3), 1 / 3)
    assert scores.macro_f1_target(made, even)[0, 0] == pytest.approx((2 / 3 + 1) / 2)
    assert scores.macro_f1(made, even)[0, 0] == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_two_models_agree_by_their_labels_and_are_apart_by_their_probabilities() -> None:
    one = Predictions(np.array([[[0.6, 0.4], [0.9, 0.1]]]), np.array([0, 0]), True, True)
    two = Predictions(np.array([[[0.8, 0.2], [0.3, 0.7]]]), np.array([0, 0]), True, True)
    even = np.full((1, 2), 0.5)
    assert scores.agreement(one, two, even)[0, 0] == 0.5
    assert scores.distance(one, two, even)[0, 0] == pytest.approx((0.2 + 0.6) / 2)
    assert scores.distance(one, one, even)[0, 0] == 0


def test_where_no_label_was_said_nothing_is_predicted() -> None:
    made = Predictions(np.zeros((1, 2, 3)), np.array([0, 1]), soft=False, shared=True)
    assert made.predicted.tolist() == [[-1, -1]]
    assert scores.accuracy(made, np.full((1, 2), 0.5))[0, 0] == 0
    assert scores.brier(made, np.full((1, 2), 0.5))[0, 0] == 1
    assert math.isfinite(scores.macro_f1(made, np.full((1, 2), 0.5))[0, 0])
