"""A judge's part of a report, made up."""

from __future__ import annotations

from typing import Any


def interval(value: float | None, low: float | None = None, high: float | None = None) -> Any:
    return {"value": value, "low": low, "high": high}


def found() -> dict[str, Any]:
    """Two pairs: one with everything, one of which little is known."""
    return {
        "judge": "openai:judge-模型",
        "prompts": 120,
        "pairs": [
            {
                "one": "student",
                "other": "base",
                "n": 112,
                "win_rate": interval(0.75, 0.66, 0.82),
                "flip_rate": interval(0.125, 0.076, 0.2),
                "unreadable": 5,
                "controlled": interval(0.55, 0.44, 0.66),
                "coefficients": {"length": 1.234, "headers": None, "bold": 0.02, "lists": -0.5},
            },
            {
                "one": "student",
                "other": "teacher_again",
                "n": 12,
                "win_rate": interval(0.25, 0.12, 0.46),
                "flip_rate": interval(0.5, 0.25, 0.75),
                "unreadable": 0,
                "controlled": None,
                "coefficients": None,
            },
        ],
    }


def rows(verdicts: list[list[str | None]], **more: int) -> list[dict[str, Any]]:
    """Rows as the eval stage writes them; both answers alike, but for the counts in `more`."""
    same = {"length": 10, "headers": 0, "bold": 0, "lists": 0}
    return [
        {"place": place, "one": same | more, "other": same, "verdicts": verdict}
        for place, verdict in enumerate(verdicts)
    ]
