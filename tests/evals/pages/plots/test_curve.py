"""The geometry of the training curve."""

from __future__ import annotations

from limbeck.evals.pages.plots.curve import POINTS, curve


def test_the_curve_keeps_its_last_point_and_stays_small() -> None:
    points = [{"step": i, "train_loss": 9.0 - i / 1000, "valid_loss": None} for i in range(5001)]
    drawn = curve(points)
    assert drawn is not None
    line = drawn["lines"]["train_loss"].split()
    assert len(line) <= POINTS
    assert line[-1].startswith("970.0,")
    assert drawn["words"] == "Training loss from 9.00 at step 0 to 4.00 at step 5000."


def test_a_curve_of_one_point_or_one_value_is_drawn() -> None:
    for losses in ([2.0], [2.0, 2.0]):
        drawn = curve([{"step": i, "train_loss": loss} for i, loss in enumerate(losses)])
        assert drawn is not None
        assert len(drawn["marks"]["train_loss"]) == len(losses)
    assert curve([{"step": 1, "train_loss": float("nan")}, {}]) is None
