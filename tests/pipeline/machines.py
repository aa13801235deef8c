"""A recipe run on several machines, each a folder with its own seed file, ledger and runs: for the
tests of merging."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from limbeck.pipeline.context import Context
from limbeck.pipeline.generate import generate
from limbeck.protocols import Request
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.store import write_jsonl
from limbeck.testing import FakeTeacher
from tests.pipeline.batches import Notebook

PROMPTS = [f"第{n}个问题 – سؤال {n}\u2028 n° {n}? 🙂" for n in range(23)]
ROWS: list[dict[str, Any]] = [{"prompt": text} for text in PROMPTS]
FILES = ("records.jsonl", "failures.jsonl")


class Machines:
    """Runs a recipe in folders under `root`; `asked` are the requests that reached the teacher."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.fail: Callable[[Request], Exception | None] = lambda request: None
        self.says: Callable[[Request], dict[str, float]] | None = None
        self.teachers: list[FakeTeacher] = []
        monkeypatch.setattr("limbeck.testing.fake_teacher", self._teacher)

    def _teacher(self, name: Any, section: Any) -> FakeTeacher:
        teacher = FakeTeacher(self.says, name=name.value, fail=lambda request: self.fail(request))
        self.teachers.append(teacher)
        return teacher

    @property
    def asked(self) -> int:
        return sum(len(teacher.asked) for teacher in self.teachers)

    def context(
        self,
        machine: str,
        part: str | None = None,
        *,
        rows: list[dict[str, Any]] | None = None,
        seeds: dict[str, Any] | None = None,
        **changes: Any,
    ) -> Context:
        folder = self.root / machine
        folder.mkdir(exist_ok=True)
        write_jsonl(folder / "seeds.jsonl", ROWS if rows is None else rows)
        job: dict[str, Any] = {
            "name": "r",
            "seeds": {"path": "seeds.jsonl", "part": part, **(seeds or {})},
            "teacher": "fake:t",
            "student": "fake:s",
            "generate": {"paths": 2},
            "format": {"valid": 2, "test": 2},
        }
        recipe = Recipe.model_validate(job | changes).resolved(folder)
        ledger = folder / "ledger.sqlite"
        return Context(RunDir(folder / "runs" / "r", recipe), Notebook(), ledger)

    def run(self, machine: str, part: str | None = None, **changes: Any) -> Path:
        """The folder of a run whose stage generate was done."""
        context = self.context(machine, part, **changes)
        context.run.save_recipe()
        generate(context)
        return context.run.path

    def parts(self, of: int, **changes: Any) -> list[Path]:
        return [self.run(f"m{n}", f"{n}/{of}", **changes) for n in range(1, of + 1)]


def made(run: Path) -> dict[str, bytes]:
    return {name: (run / "generate" / name).read_bytes() for name in FILES}
