"""Discrimination of who can add and who can half of it: the pools, and a phase in a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.pipeline.context import Context
from limbeck.pipeline.iterate.discriminate import SUMMARY, discriminate
from limbeck.pipeline.iterate.pairs import PAIRS
from limbeck.pipeline.output import REPLIES
from limbeck.protocols import Request
from limbeck.recipe_iterate import Iterate
from limbeck.record import Record
from limbeck.store import read_jsonl
from tests.pipeline.iterate.cast import Cast, pool

FILES = (PAIRS, SUMMARY, REPLIES, "done.json")
OPEN = pool(*({"prompt": f"第{n}个问题 – أهلاً n° {n}? 🌊"} for n in range(6)))
EXACT = pool(*({"prompt": f"Was ist {n} + {n}? 🌊", "target": str(2 * n)} for n in range(6)))


def adding(root: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """A teacher that can add, and a student that can half of it."""
    made = Cast(root, weights, monkeypatch)
    made.teacher.rule = sums
    assert made.student is not None
    made.student.rule = halves
    return made


def number(request: Request) -> int:
    """The n of "n + n" or "n° n" in a prompt."""
    words = request.messages[-1].content.replace("?", " ").split()
    place = words.index("+") if "+" in words else words.index("n°")
    return int(words[place + 1])


def sums(request: Request) -> str:
    return f"Teacher: the answer is {2 * number(request)}."


def halves(request: Request) -> str:
    """Right for even numbers only."""
    n = number(request)
    return f"student: the answer is {2 * n if n % 2 == 0 else n + 100}."


def section(**fields: Any) -> Iterate:
    return Iterate.model_validate({"referee": {"model": "fake:referee", "attempts": 1}} | fields)


def do(context: Context, seeds: list[Record], **fields: Any) -> dict[str, Any]:
    how = section(**fields)
    return dict(
        discriminate(context, seeds, "discriminate", role="student", section=how, payer="l")
    )


def rows(context: Context) -> list[dict[str, Any]]:
    return [row for _, row in read_jsonl(context.run.folder("discriminate") / PAIRS)]


def files(context: Context) -> dict[str, bytes]:
    return {name: (context.run.folder("discriminate") / name).read_bytes() for name in FILES}
