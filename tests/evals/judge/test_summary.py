"""Win rates and flips from verdicts, by hand."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.evals.judge.summary import summary, win_rate
from limbeck.wilson import wilson
from tests.evals.judge.made_up import rows

NONE = {"value": None, "low": None, "high": None}


def told(pair_rows: list[dict[str, Any]], prompts: int = 9) -> dict[str, Any]:
    pair = {"one": "student", "other": "base", "rows": pair_rows}
    made = summary({"judge": "fake:j", "prompts": prompts, "protocol": {}, "pairs": [pair]})
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert set(made) == {"judge", "prompts", "pairs"}
    assert (made["judge"], made["prompts"]) == ("fake:j", prompts)
    [found] = made["pairs"]
    assert list(found) == [
        *("one", "other", "n", "win_rate", "flip_rate", "unreadable", "controlled"),
        "coefficients",
    ]
    return dict(found)


def test_both_orders_must_agree() -> None:
    made = rows(
        [
            ["one", "one"],  # 1
            ["one", "one"],  # 1
            ["other", "other"],  # 0
            ["tie", "tie"],  # half
            ["one", "other"],  # half, and a flip
            ["one", "tie"],  # half, and a flip
            ["one", None],  # unreadable
            [None, None],  # unreadable
        ]
    )
    made.append({**made[0], "place": 8, "failed": "timeout: late"})
    del made[8]["verdicts"]
    found = told(made)
    assert (found["n"], found["unreadable"]) == (6, 2)
    assert found["win_rate"]["value"] == pytest.approx((1 + 1 + 0 + 3 / 2) / 6)
    low, high = wilson(2, 6)
    assert found["flip_rate"] == {"value": pytest.approx(2 / 6), "low": low, "high": high}
    assert (found["controlled"], found["coefficients"]) == (None, None), "too few"


def test_nothing_is_known_of_nothing() -> None:
    found = told([], prompts=0)
    assert found == {
        "one": "student",
        "other": "base",
        "n": 0,
        "win_rate": NONE,
        "flip_rate": NONE,
        "unreadable": 0,
        "controlled": None,
        "coefficients": None,
    }


def test_the_controlled_rate_is_there_with_its_terms_by_name() -> None:
    verdicts: list[list[str | None]] = [["one", "one"], ["other", "other"]]
    made = rows(verdicts[:1] * 15 + verdicts[1:] * 15)
    for row in made[:10] + made[15:20]:
        row["one"] = row["one"] | {"lists": 3}
    found = told(made)
    assert set(found["controlled"]) == {"value", "low", "high"}
    assert found["coefficients"]["length"] is None
    assert found["coefficients"]["lists"] > 0.5
    assert found["controlled"]["value"] < found["win_rate"]["value"] == 0.5


def test_the_interval_of_a_win_rate_is_bonetts_and_prices() -> None:
    # 30 won, 10 lost, 20 neither: (31 - 11) / 62, variance (42/62 - (20/62)^2) / 62.
    found = win_rate(30, 10, 60)
    spread = 1.959964 * math.sqrt((42 / 62 - (20 / 62) ** 2) / 62)
    assert found["value"] == pytest.approx(40 / 60)
    assert found["low"] == pytest.approx(0.5 + (20 / 62 - spread) / 2)
    assert found["high"] == pytest.approx(0.5 + (20 / 62 + spread) / 2)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
@settings(deadline=None)
def test_an_interval_holds_its_value(won: int, lost: int, neither: int) -> None:
    n = won + lost + neither
    if n == 0:
        return
    found, back = win_rate(won, lost, n), win_rate(lost, won, n)
    low, value, high = found["low"], found["value"], found["high"]
    assert low is not None
    assert value is not None
    assert high is not None
    assert 0 <= low <= value <= high <= 1
    assert low < high
    assert back["low"] == pytest.approx(1 - high)
