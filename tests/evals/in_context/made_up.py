"""The in-context part of a report: the real summary and baselines of made-up answers.

A model is right in the first rows of a task, as many as `RIGHT` says for each draw of demos, and
says the label after the right one in the others. So every accuracy is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from limbeck.demos import Demo
from limbeck.evals.in_context.baselines import baselines
from limbeck.evals.in_context.summary import summary
from limbeck.evals.in_context.task import Task

ROWS = 40
WEATHER = "天气 🌧"
LABELS = {"mood": ("good", "bad"), WEATHER: ("晴天", "下雨", "有雾")}
RIGHT: dict[str, dict[str, tuple[int, ...]]] = {
    "base": {
        "none/0": (16,),
        "random/2": (20, 16),
        "bm25/2": (24,),
        "random/2/flipped": (18, 18),
        "random/2/random_words": (20, 20),
    },
    "student": {
        "none/0": (16,),
        "random/2": (32, 28),
        "bm25/2": (36,),
        "random/2/flipped": (6, 10),
        "random/2/random_words": (34, 34),
    },
    "teacher": {
        "none/0": (20,),
        "random/2": (36, 36),
        "bm25/2": (38,),
        "random/2/flipped": (4, 4),
        "random/2/random_words": (38, 38),
    },
}
PROTOCOL = {
    "hash": "8c504525485af44a",
    "shots": [0, 2],
    "seeds": 2,
    "select": ["random", "bm25"],
    "form": "chat",
    "near": 0.8,
    "labels": "auto",
}


def right(model: str = "student", **counts: tuple[int, ...] | None) -> dict[str, Any]:
    """`RIGHT` with other counts of one model; a condition of None is left out for all models.
    Slashes are written as two underscores: `random__2`."""
    changed = {name: dict(rows) for name, rows in RIGHT.items()}
    for key, value in counts.items():
        condition = key.replace("__", "/")
        for name in changed if value is None else (model,):
            changed[name] |= {condition: value} if value is not None else {}
            if value is None:
                del changed[name][condition]
    return changed


def part(
    names: Sequence[str] = ("mood", WEATHER),
    counts: Mapping[str, Any] = RIGHT,
    *,
    hard: Sequence[str] = (),
    lost: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """`hard` models give a label and no probabilities. `lost` are the conditions of a task in
    which every call of the student failed."""
    made: dict[str, Any] = json.loads(
        _part(json.dumps([list(names), counts, list(hard), dict(lost or {})]))
    )
    return made


@cache
def _part(key: str) -> str:
    names, counts, hard, lost = json.loads(key)
    models = {
        model: [
            _answers(
                task, of, soft=model not in hard, lost=lost.get(task, []) if place == 1 else []
            )
            for task in names
        ]
        for place, (model, of) in enumerate(counts.items())
    }
    found = summary(models, seed=0)
    for name, row in zip(names, found["tasks"], strict=True):
        row["pool"] = 6
        row["baselines"] = baselines(_task(name), neighbours=2, near=0.8, seed=0)
    return json.dumps({"protocol": PROTOCOL, "failed_calls": {"student": 0}, **found})


def labels_of(name: str) -> tuple[str, ...]:
    return LABELS.get(name, ("a | b", "<script>alert(1)</script>"))


def _task(name: str) -> Task:
    labels = labels_of(name)
    texts = ["rain on the roof", "free coffee", "雪が降る", "a long queue", "sun at last", "wind"]
    pool = tuple(Demo(f"p{n}", name, text, labels[n % 2], labels) for n, text in enumerate(texts))
    rows = tuple(
        Demo(f"r{n}", name, f"{texts[n % 5]} number {n}", labels[n % len(labels)], labels)
        for n in range(ROWS)
    )
    return Task(name, rows, pool, labels)


def _answers(
    name: str, counts: Mapping[str, Sequence[int]], *, soft: bool, lost: Sequence[str]
) -> dict[str, Any]:
    """As `TaskAnswers.to_json` writes them; the last demo's label is always the first one."""
    total = len(labels_of(name))
    conditions = []
    for key, seeds in counts.items():
        select, shots, control = [*key.split("/"), ""][:3]
        said = [[_said(row, row < count, total, soft) for row in range(ROWS)] for count in seeds]
        conditions.append(
            {
                "condition": key,
                "select": "" if select == "none" else select,
                "shots": int(shots),
                "control": control or None,
                "soft": soft,
                "probabilities": [[None] * ROWS] * len(seeds) if key in lost else said,
                "demos": [[["p0", "p1"]]] * len(seeds),
                "last": [[0] * ROWS] * len(seeds),
            }
        )
    return {
        "task": name,
        "labels": list(labels_of(name)),
        "near": 3,
        "rows": [{"id": f"r{row}", "target": row % total} for row in range(ROWS)],
        "conditions": conditions,
    }


def _said(row: int, is_right: bool, total: int, soft: bool) -> list[float]:
    place = (row + (0 if is_right else 1)) % total
    most, others = (0.7, 0.3 / (total - 1)) if soft else (1.0, 0.0)
    return [most if label == place else others for label in range(total)]
