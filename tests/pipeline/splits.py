"""A small run over four tasks with a split file: for the tests of splits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from limbeck.pipeline.context import Context
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.store import write_jsonl
from tests.pipeline.batches import Notebook

LABELS = {"mood": ["good 🙂", "bad"], "天气": ["晴天", "下雨"], "topic": ["sport", "food"]}
LABELS |= {"other": ["yes", "no"]}
WORDS = ["kites", "trams", "doors", "plums", "rivers", "stamps", "wolves", "bells"]


def task_rows(task: str, count: int, prefix: str = "") -> list[dict[str, Any]]:
    options = LABELS[task]
    return [
        {
            "task": task,
            "id": f"{prefix}{task}-{n}",
            "input": f"{prefix}{task} 第{n}行 {WORDS[n]} {WORDS[-n]}",
            "output": options[n % 2],
            "options": options,
        }
        for n in range(count)
    ]


ROWS = [
    row
    for turn in zip(*(task_rows(task, 6) for task in LABELS), strict=True)
    for row in turn
]  # fmt: skip
SPLIT = "train: [mood, 天气]\ntarget: [topic]\n"
SHOTS = {"generator": "demonstrations", "shots": 2, "select": "random", "folds": 2}


def context(
    folder: Path,
    *,
    given: Sequence[dict[str, Any]] = ROWS,
    pool: Sequence[dict[str, Any]] | None = None,
    split: str = SPLIT,
    generate: dict[str, Any] | None = None,
    **seeds: Any,
) -> Context:
    folder.mkdir(exist_ok=True)
    write_jsonl(folder / "rows.jsonl", given)
    (folder / "tasks.yaml").write_text(split, encoding="utf-8")
    if pool is not None:
        write_jsonl(folder / "pool.jsonl", pool)
        seeds["demos"] = "pool.jsonl"
    section = {"path": "rows.jsonl", "split": "tasks.yaml", **seeds}
    job: dict[str, Any] = {"name": "x", "seeds": section, "teacher": "fake:t", "student": "fake:s"}
    job["generate"] = SHOTS if generate is None else generate
    recipe = Recipe.model_validate(job).resolved(folder)
    return Context(RunDir(folder / "runs" / "x", recipe), Notebook(), folder / "ledger.sqlite")
