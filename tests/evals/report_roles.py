"""Roles as the eval stage writes them, and the report that is built of them."""

from __future__ import annotations

import json
from typing import Any

from limbeck.evals.report import build_report
from limbeck.evals.task_row import ROLES

BASE = [0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0] * 4
STUDENT = [0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0] * 4
TEACHER = [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1] * 4


def task(name: str, scores: list[Any], **more: Any) -> dict[str, Any]:
    """A task as the eval stage writes it."""
    endings = {None: "failed", 0: "wrong", 1: "right"}
    items = [
        {
            "id": f"i{n}",
            "doc": f"d{n}",
            "prompt": f"p{n}",
            "score": score,
            "output": f"said {n}",
            "status": endings.get(score, "scored"),
            "answer": "A" if score else f"B{n}",
        }
        for n, score in enumerate(scores)
    ]
    return {
        "task": name,
        "kind": "ability",
        "metric": "acc",
        "higher_is_better": True,
        "items": items,
    } | more


def style(name: str, scores: list[Any], **more: Any) -> dict[str, Any]:
    kind = {"kind": "imitation", "metric": name.removeprefix("imitation_")}
    return task(name, scores, **kind, higher_is_better=name.endswith("rouge_l"), **more)


def role(*tasks: dict[str, Any], protocol: str = "abc", failures: int = 0) -> dict[str, Any]:
    return {
        "protocol": {"hash": protocol, "form": "loglikelihood"},
        "tasks": list(tasks),
        "failures": ["timeout: too slow"] * failures,
    }


def report(base: Any, student: Any, teacher: Any, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": "run",
        "version": "1",
        "roles": {"base": base, "student": student, "teacher": teacher},
        "models": {key: {"name": key, "about": key, "parameters": 1} for key in ROLES},
        "funnel": [{"label": "prompts", "count": 3}],
        "training": {"examples": 2},
        "cost": {"calls": 3},
        "versions": {"torch": "2"},
        "prompts": {},
        "chance": {"knowledge": 0.25},
        "seed": 0,
    }
    made = build_report(**given | changes)
    json.dumps(made, allow_nan=False)  # whatever happened, it can be written
    return made
