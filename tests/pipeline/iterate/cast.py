"""Who plays in a round: a fake teacher and a fake referee that a recipe names, and a fake in the
student's place, each counted and each to be stopped or slowed."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import Interrupted
from limbeck.ledger import Ledger
from limbeck.pipeline.context import Context
from limbeck.pipeline.role_model import connect_role
from limbeck.progress import reporter
from limbeck.protocols import Reply, Request, Usage
from limbeck.recipe import Recipe
from limbeck.record import Record, content_hash
from limbeck.rundir import RunDir
from limbeck.seeds import seeds_of
from limbeck.store import write_jsonl
from limbeck.teachers.recorded import Recorded
from limbeck.testing import FakeTeacher

Rule = Callable[[Request], str | Reply | Exception]
SCORES = "One is better.\nScore A: {}\nScore B: {}"


class Player(FakeTeacher):
    """A fake that says what `rule` says. After `stop_after` calls it refuses everything; with
    `is_slow` answers come in another order than questions."""

    def __init__(self, name: str, rule: Rule) -> None:
        super().__init__(name=name)
        self.rule = rule
        self.stop_after: int | None = None
        self.is_slow = False

    async def ask(self, request: Request, /) -> Reply:
        if self.stop_after is not None and len(self.asked) >= self.stop_after:
            raise Interrupted("stopped for the test")
        self.asked.append(request)
        if self.is_slow:
            await asyncio.sleep(int(content_hash(request.to_json())[:4], 16) % 11 / 1000)
        said = self.rule(request)
        if isinstance(said, Exception):
            raise said
        reply = Reply(said) if isinstance(said, str) else said
        asked = sum(len(turn.content.split()) for turn in request.messages)
        return Reply(reply.text, reply.finish_reason, Usage(asked, len(reply.text.split())))


class Cast:
    """The players, in a run folder under `root` whose student is trained already. `student` None
    has the weights answer that lie there."""

    def __init__(self, root: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.said = io.StringIO()
        self._weights = weights
        self.teacher = Player("teacher", lambda request: "Teacher: I know.")
        self.referee = Player("referee", scores(9, 4))
        self.student: Player | None = Player("student", lambda request: "student: eh")
        named = {"teacher": self.teacher, "referee": self.referee}
        monkeypatch.setattr("limbeck.testing.fake_teacher", lambda name, _: named[name.value])

        def connected(context: Context, role: Any, ledger: Ledger) -> Recorded:
            if self.student is None or role == "teacher":
                return connect_role(context, role, ledger)
            return Recorded(self.student, ledger)

        monkeypatch.setattr("limbeck.pipeline.iterate.answers.connect_role", connected)

    @property
    def asked(self) -> tuple[int, int, int]:
        """How many calls reached the teacher, the student and the referee."""
        student = [] if self.student is None else self.student.asked
        return len(self.teacher.asked), len(student), len(self.referee.asked)

    def context(self, name: str, *, width: int = 16, **sections: Any) -> Context:
        """A run called `name`, with a ledger of its own."""
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        write_jsonl(folder / "seeds.jsonl", [{"prompt": "What is trained on?"}])
        job: dict[str, Any] = {
            "name": "r",
            "seeds": "seeds.jsonl",
            "teacher": {"model": "fake:teacher", "concurrency": width, "attempts": 1},
            "student": str(self._weights),
            "generate": {"max_tokens": 16},
            "eval": {"tasks": [], "batch_size": width},
        }
        run = RunDir(folder / "run", Recipe.model_validate(job | sections).resolved(folder))
        for role in ("base", "student"):
            place = run.folder("train") / role
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                place.symlink_to(self._weights)
        return Context(run, reporter("plain", self.said), folder / "账本.sqlite")


def scores(teacher: float, student: float) -> Rule:
    """A referee that gives these two, whatever the order."""

    def rule(request: Request) -> str:
        return SCORES.format(*((teacher, student) if is_first(request) else (student, teacher)))

    return rule


def is_first(request: Request) -> bool:
    """Whether the teacher's answer stands first in what the referee is asked."""
    text = request.messages[-1].content
    return text.index("Teacher:") < text.index("student:")


def pool(*rows: dict[str, Any]) -> list[Record]:
    """Seeds as they are read from a file's rows."""
    return [seed for row in rows for seed in seeds_of(row)]
