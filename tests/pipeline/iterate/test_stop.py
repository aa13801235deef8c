"""The stop rule."""

from __future__ import annotations

from limbeck.pipeline.iterate.stop import why_stopped
from limbeck.recipe_iterate import Stop


def test_the_first_round_stops_nothing() -> None:
    assert why_stopped([0.3], Stop()) == ""


def test_a_round_without_a_gain_stops_it() -> None:
    assert why_stopped([0.3, 0.4], Stop()) == ""
    told = why_stopped([0.3, 0.4, 0.4], Stop())
    assert told == (
        "stopped after round 3: for 1 round the held-out score did not rise above the 0.4 of "
        "round 2"
    )


def test_patience_counts_rounds_in_a_row() -> None:
    stop = Stop(patience=2)
    assert why_stopped([0.4, 0.3, 0.5], stop) == ""
    assert why_stopped([0.4, 0.3], stop) == ""
    assert "for 2 rounds" in why_stopped([0.4, 0.3, 0.35], stop)
    assert "above the 0.4 of round 1" in why_stopped([0.4, 0.3, 0.35], stop)


def test_a_gain_that_is_too_small_is_none() -> None:
    stop = Stop(min_gain=0.05)
    assert why_stopped([0.4, 0.44], stop) == (
        "stopped after round 2: for 1 round the held-out score did not rise by more than 0.05 "
        "above the best before; the best is the 0.44 of round 2"
    )
    assert why_stopped([0.4, 0.46], stop) == ""


def test_small_gains_do_not_move_the_bar_out_of_reach() -> None:
    """The bar is the best score: 0.4, then 0.44 (too small), then 0.48, 0.04 above it."""
    assert why_stopped([0.4, 0.44, 0.5], Stop(min_gain=0.05, patience=2)) == ""
    assert why_stopped([0.4, 0.44, 0.48], Stop(min_gain=0.05, patience=2)) != ""


def test_a_missing_score_neither_gains_nor_loses() -> None:
    assert why_stopped([None, None], Stop()) == ""
    assert why_stopped([0.4, None], Stop()) == ""
    assert why_stopped([None, 0.4, None, 0.3], Stop()) != ""


def test_without_patience_nothing_stops_it() -> None:
    assert why_stopped([0.4, 0.3, 0.2, 0.1], Stop(patience=None)) == ""
