"""A style section as report.json holds it."""

from __future__ import annotations

from typing import Any


def interval(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def section(**changes: Any) -> dict[str, Any]:
    shares = {"base": 0.12, "student": 0.67, "teacher": 0.81, "teacher_again": 0.83}
    ended = {"complete": 90, "truncated": 5, "refused": 4, "empty": 1, "failed": 0}
    found: dict[str, Any] = {
        "prompts": 100,
        "dropped": 2,
        "same": 0,
        "setting": {"temperature": 0.7, "max_tokens": 256},
        "protocol": {"trained_on": 3},
        "features": [
            {
                "name": "lists",
                "about": "answers with two list items or more",
                "unit": "share",
                **shares,
                "closed": {**interval(0.96, 0.8, 1.1), "bounded": True},
            },
            {
                "name": "word overlap",
                "about": "ROUGE-1 F1",
                "unit": "share",
                **shares,
                "teacher": None,
                "closed": {"value": 0.5, "low": None, "high": None, "bounded": False},
            },
            {
                "name": "tables",
                "about": "",
                "unit": "share",
                **dict.fromkeys(shares, 0.0),
                "closed": None,
            },
        ],
        "closed": {**interval(0.71, 0.6, 0.83), "bounded": True},
        "auc": {
            "base": interval(0.97, 0.95, 0.99),
            "student": interval(0.74, 0.66, 0.81),
            "teacher_again": interval(0.51, 0.44, 0.58),
        },
        "outcomes": {role: dict(ended) for role in shares},
        "samples": [],
    }
    return found | changes
