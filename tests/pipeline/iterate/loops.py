"""A small loop for tests: a server that plays teacher, referee and writer, and a tiny student."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import yaml

from limbeck.pipeline.context import Context
from limbeck.pipeline.iterate.layout import Loop, loop_of
from limbeck.progress import Quiet
from limbeck.recipe import Recipe
from limbeck.record import content_hash
from limbeck.rundir import RunDir
from limbeck.testing import Answer, answer_to
from limbeck.testing.server import spoken_to

ANSWER, WRITE, REFER, EVAL = 32, 41, 42, 9
"""max_tokens of each kind of request: tells them apart at the server. Plain Self-Instruct, which
wants lists, has more."""
WORDS = (
    "amber", "birch", "copper", "delta", "ember", "fjord", "grove",
    "harbour", "island", "jasmine", "kelp", "lagoon", "meadow", "nettle",
    "opal", "pebble", "quartz", "river", "saffron", "thistle", "umbra",
    "velvet", "willow", "yarrow", "zephyr",
)  # fmt: skip


def said(body: dict[str, Any], number: int) -> Answer:
    """What the server says: an answer, a new instruction, or scores; from the body alone."""
    draw = Random(content_hash(body))
    kind = body["max_tokens"]
    if kind == REFER:
        text = f"Both try.\nScore A: {draw.randint(1, 10)}\nScore B: {draw.randint(1, 10)}"
    elif kind in (ANSWER, EVAL):
        text = spoken_to(body)
    else:
        new = [f"Describe 🌊 {' '.join(draw.sample(WORDS, 7))} in brief." for _ in range(3)]
        text = new[0] if kind == WRITE else json.dumps(new, ensure_ascii=False)
    return Answer(answer_to(body, text))


def recipe_data(folder: Path, base_url: str, student: Path, **changes: Any) -> dict[str, Any]:
    """The recipe's data; `changes` are merged into its sections. Writes the files
    that it names."""
    seeds = [
        {"prompt": f"第{i}题 – tell me of number {i} and the {WORDS[i]} 🙂"} for i in range(12)
    ]
    held = [{"prompt": f"What would a {WORDS[-i - 1]} say to a {WORDS[i]}?"} for i in range(3)]
    items = [
        {"question": f"Which letter comes after {a}?", "options": [b, "z", "q"], "answer": 0}
        for a, b in ("ab", "bc", "cd", "de", "ef", "fg")
    ]
    files: dict[str, list[Any]] = {"seeds": seeds, "held": held, "items": items}
    for name, rows in files.items():
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    model = {"model": "openai:m", "base_url": base_url, "concurrency": 4}
    data: dict[str, Any] = {
        "name": "duel",
        "seeds": {"path": str(folder / "seeds.jsonl")},
        "teacher": dict(model),
        "generate": {"generator": "answers", "max_tokens": ANSWER},
        "filters": ["exact"],
        "format": {"valid": 0, "test": 0},
        "student": {"model": str(student), "layers": 1},
        "train": {"epochs": 1, "batch_tokens": 256, "learning_rate": 1e-2},
        "eval": {"tasks": [str(folder / "items.jsonl")], "max_tokens": EVAL},
        "iterate": {
            "rounds": 2,
            "referee": {**model, "model": "openai:r", "max_tokens": REFER},
            "max_tokens": WRITE,
            "sample": 8,
            "new": 4,
            "stop": {"patience": None},
        },
    }
    for section, values in changes.items():
        data[section] = data[section] | values if isinstance(values, dict) else values
    return data


def loop_in(folder: Path, data: dict[str, Any]) -> Loop:
    """The loop of that recipe in `folder`/loop, with a ledger of its own."""
    recipe = Recipe.parse(yaml.safe_dump(data, allow_unicode=True), folder=folder)
    context = Context(RunDir(folder / "runs" / recipe.name, recipe), Quiet(), folder / "l.sqlite")
    return loop_of(context, folder / "loop")
