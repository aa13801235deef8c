"""What the judge's verdicts say: win rates, how often the order decided, and what is left when
length and formatting are held equal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from limbeck.evals.judge.controlled import controlled
from limbeck.evals.judge.features import FEATURES
from limbeck.wilson import Z95, wilson

_WON = {"one": 1.0, "tie": 0.5, "other": 0.0}


def summary(saved: Mapping[str, Any]) -> dict[str, Any]:
    """The report's `judge` from what the eval stage wrote (see `pipeline.judge.judge_run`).

    Of each pair of models: `n`, the prompts with a verdict in both orders; `unreadable`, those left
    out because a reply could not be read (those with a failed call or a missing answer are neither:
    they are `prompts` less both); `win_rate`, where the two orders agree a win, a tie (half) or a
    loss, and half where they do not; `flip_rate`, how often they do not; `controlled` and its
    `coefficients` (see there). What cannot be computed is null.
    """
    return {
        "judge": saved["judge"],
        "prompts": saved["prompts"],
        "pairs": [_pair(pair) for pair in saved["pairs"]],
    }


def _pair(pair: Mapping[str, Any]) -> dict[str, Any]:
    answered = [row for row in pair["rows"] if "failed" not in row]
    rows = [row for row in answered if None not in row["verdicts"]]
    verdicts = [tuple(row["verdicts"]) for row in rows]
    flipped = [first != second for first, second in verdicts]
    agreed = [first for first, second in verdicts if first == second]
    held = _controlled(rows)
    return {
        "one": pair["one"],
        "other": pair["other"],
        "n": len(rows),
        "win_rate": win_rate(agreed.count("one"), agreed.count("other"), len(rows)),
        "flip_rate": _share(sum(flipped), len(rows)),
        "unreadable": len(answered) - len(rows),
        **held,
    }


def win_rate(won: int, lost: int, n: int) -> dict[str, float | None]:
    """The share won of n prompts, what was neither won nor lost being half, with its 95% interval:
    Bonett and Price's (2012) adjusted Wald interval of (won - lost) / n, which adds a win and a
    loss and so has a width where all is won."""
    if n == 0:
        return {"value": None, "low": None, "high": None}
    more, less = (won + 1) / (n + 2), (lost + 1) / (n + 2)
    spread = Z95 * math.sqrt((more + less - (more - less) ** 2) / (n + 2))
    ends = (0.5 + (more - less + side * spread) / 2 for side in (-1, 1))
    low, high = (min(1.0, max(0.0, end)) for end in ends)
    return {"value": 0.5 + (won - lost) / (2 * n), "low": low, "high": high}


def _share(hits: int, n: int) -> dict[str, float | None]:
    if n == 0:
        return {"value": None, "low": None, "high": None}
    low, high = wilson(hits, n)
    return {"value": hits / n, "low": low, "high": high}


def _controlled(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    outcomes = np.array([[_WON[one] for one in row["verdicts"]] for row in rows]).reshape(-1, 2)
    one, other = (
        np.array([[row[side][name] for name in FEATURES] for row in rows]).reshape(-1, 4)
        for side in ("one", "other")
    )
    found = controlled(outcomes, one, other)
    if found is None:
        return {"controlled": None, "coefficients": None}
    return {
        "controlled": {"value": found.value, "low": found.low, "high": found.high},
        "coefficients": dict(zip(FEATURES, found.coefficients, strict=True)),
    }
