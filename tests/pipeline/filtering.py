"""Runs with given records, and filters made for tests."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from limbeck import registry
from limbeck.pipeline.context import Context
from limbeck.progress import reporter
from limbeck.recipe import Recipe
from limbeck.record import Provenance, Record, Verdict, user
from limbeck.rundir import RunDir
from limbeck.store import write_jsonl


def row(text: str, number: int = 0, *, prompt: str = "", **fields: Any) -> Record:
    made = Provenance("t", index=number)
    return Record((user(prompt or f"Question {number}?"),), text, made, **fields)


def run_of(
    folder: Path,
    records: Sequence[Record],
    filters: Sequence[Any],
    *,
    workers: int | None = None,
    **sections: Any,
) -> tuple[Context, io.StringIO]:
    """A run whose teacher gave these records, and what will be said to the user."""
    data = {"name": "r", "seeds": "s.jsonl", "teacher": "fake:t", "student": "fake:s"}
    recipe = Recipe.model_validate(data | {"filters": list(filters)} | sections).resolved(folder)
    run = RunDir(folder / "runs" / "r", recipe)
    with run.stage("generate", "given") as done:
        write_jsonl(run.folder("generate") / "records.jsonl", (r.to_json() for r in records))
        done.counts |= {"records": len(records), "seeds": len(records), "calls": len(records)}
        done.files.append("records.jsonl")
    run.save_recipe()
    said = io.StringIO()
    return Context(run, reporter("plain", said), folder / "ledger.sqlite", workers=workers), said


def add_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The filters below, by their names."""
    fakes = (Letter, Every, Median, Upper)
    known = {kind.name: (f"{__name__}:{kind.__name__}", "a fake") for kind in fakes}
    filters = registry._BUILT_IN["filters"] | known
    monkeypatch.setitem(registry._BUILT_IN, "filters", filters)


@dataclass
class Letter:
    """Stateless: refuses texts with a letter in them."""

    stateless: ClassVar[bool] = True
    name: str = field(default="letter", init=False)
    letter: str = "x"

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict:
        has = self.letter in record.completion
        share = record.completion.count(self.letter) / max(1, len(record.completion))
        return Verdict(record.id, self.name, not has, share, "has_it" if has else "")

    def summary(self, counts: dict[str, int]) -> str:
        return f"{counts.get('has_it', 0)} of {sum(counts.values())} rows have it"


@dataclass
class Every:
    """Remembers: refuses every n-th row that it sees, and names the row before it."""

    name: str = field(default="every", init=False)
    n: int = 3
    seen: list[str] = field(default_factory=list, init=False)

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        verdicts = []
        for record in records:
            self.seen.append(record.id)
            keep = len(self.seen) % self.n != 0
            near = None if keep or len(self.seen) == 1 else self.seen[-2]
            verdicts.append(
                Verdict(record.id, self.name, keep, None, "" if keep else "nth", nearest=near)
            )
        return verdicts

    def told(self) -> str:
        return f"saw {len(self.seen)} rows"


@dataclass
class Median:
    """Surveys: refuses what is longer than half of what reaches it."""

    name: str = field(default="median", init=False)
    stateless: ClassVar[bool] = True  # it is not, for it looks first
    lengths: list[int] = field(default_factory=list, init=False)
    judged: bool = field(default=False, init=False)

    def survey(self, records: Sequence[Record]) -> None:
        assert not self.judged
        self.lengths += [len(record.completion) for record in records]

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        self.judged = True
        middle = sorted(self.lengths)[len(self.lengths) // 2]
        verdicts = []
        for record in records:
            keep = len(record.completion) <= middle
            score = float(len(record.completion))
            verdicts.append(Verdict(record.id, self.name, keep, score, "" if keep else "long"))
        return verdicts


@dataclass
class Upper:
    """Stateless: keeps every row, and hands on those with an a in capitals."""

    stateless: ClassVar[bool] = True
    name: str = field(default="upper", init=False)
    more: str = ""

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        return [
            Verdict(r.id, self.name, True, None, "masked" if self.changed(r) is not r else "")
            for r in records
        ]

    def changed(self, record: Record) -> Record:
        if "a" not in record.completion:
            return record
        return replace(record, completion=record.completion.upper() + self.more)
