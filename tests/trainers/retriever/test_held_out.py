"""Means, shares and standard errors by hand."""

from __future__ import annotations

import statistics

import pytest

from limbeck.trainers.retriever.held_out import standings
from limbeck.trainers.retriever.scores import Worth


def test_every_scheme_is_held_against_bm25_row_by_row() -> None:
    base = [Worth(-1.0, True), Worth(-2.0, False), Worth(-3.0, None)]
    other = [Worth(-0.5, True), Worth(-2.5, True), Worth(-1.0, None)]
    found = standings({"random": base, "bm25": base, "retriever": other})
    assert found["bm25"].to_json() == {
        "rows": 3,
        "score": -2.0,
        "right": 0.5,
        "minus_bm25": None,
    }
    assert found["random"].minus_bm25 == (0.0, 0.0)
    moved = [0.5, -0.5, 2.0]
    assert found["retriever"].right == 1.0
    assert found["retriever"].minus_bm25 == pytest.approx(
        (statistics.mean(moved), statistics.stdev(moved) / 3**0.5)
    )


def test_one_row_has_no_error_and_texts_are_never_right() -> None:
    found = standings({"bm25": [Worth(-1.0, None)], "retriever": [Worth(-2.0, None)]})
    assert found["retriever"].to_json() == {
        "rows": 1,
        "score": -2.0,
        "right": None,
        "minus_bm25": [-1.0, None],
    }
