"""A small run against a BatchServer, and what to ask of it afterwards: for the tests of batches."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from limbeck.ledger import Ledger
from limbeck.pipeline.context import Context
from limbeck.pipeline.generate import generate
from limbeck.pipeline.output import RECORDS
from limbeck.progress import Quiet
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.store import read_records
from limbeck.testing import BatchServer, spoken
from limbeck.testing.batch_input import Line

PROMPTS = [f"{i}: où est 北京\u2028? 🙂" for i in range(6)]


class Notebook:
    """A reporter that keeps what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def stage(self, name: str, unit: str, total: int | None = None) -> Any:
        return Quiet().stage(name, unit, total)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Killed(BaseException):
    """What a kill is to a test: no code of ours catches it."""


def context(folder: Path, base_url: str, **changes: Any) -> Context:
    rows = "".join(json.dumps({"prompt": text}) + "\n" for text in PROMPTS)
    (folder / "seeds.jsonl").write_text(rows, encoding="utf-8")
    teacher = {"model": "openai:m", "base_url": base_url, "attempts": 1}
    job: dict[str, Any] = {
        "name": "x",
        "seeds": "seeds.jsonl",
        "teacher": teacher | changes.pop("teacher", {}),
        "generate": {"max_tokens": 300},
        "student": "fake:s",
    }
    recipe = Recipe.model_validate(job | changes).resolved(folder)
    return Context(RunDir(folder / "runs" / "x", recipe), Notebook(), folder / "ledger.sqlite")


def said(ctx: Context) -> str:
    assert isinstance(ctx.reporter, Notebook)
    return ctx.reporter.text


def texts(ctx: Context) -> list[str]:
    """The prompts and answers of the records that generate makes of the ledger."""
    generate(ctx)
    records = read_records(ctx.run.folder("generate") / RECORDS)
    return [f"{record.messages[-1].content} {record.completion}" for record in records]


def spoken_texts(prompts: list[str]) -> list[str]:
    return [f"{text} " + spoken([{"role": "user", "content": text}]) for text in prompts]


def counts(ctx: Context) -> tuple[int, int]:
    with Ledger(ctx.ledger) as ledger:
        return ledger.counts()


def asked(server: BatchServer, name: str) -> list[str]:
    return [line["body"]["messages"][-1]["content"] for line in server.lines(name)]


def first(count: int) -> Callable[[Line], bool]:
    return lambda line: line["body"]["messages"][-1]["content"] in PROMPTS[:count]
