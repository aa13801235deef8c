"""Stage eval: what one role is asked and what is shown of it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from limbeck.pipeline import evaluate
from limbeck.pipeline.context import Context
from limbeck.progress import Mode, reporter
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.store import write_jsonl

ITEMS = [
    {"question": "Où est la mer ? 🌊", "options": ["là", "ici"], "answer": 0},
    {"question": "天气怎么样？", "options": ["晴", "雨"], "answer": 1},
]


def said(folder: Path, tasks: list[str], mode: Mode) -> tuple[str, Any]:
    write_jsonl(folder / "items.jsonl", ITEMS)
    data = {
        "name": "r",
        "seeds": "seeds.jsonl",
        "teacher": "fake:t",
        "student": "fake:s",
        "eval": {"tasks": tasks},
    }
    out = io.StringIO()
    run = RunDir(folder / "runs" / "r", Recipe.model_validate(data).resolved(folder))
    context = Context(run, reporter(mode, out), folder / "ledger.sqlite")
    found, _ = evaluate._evaluate(context, "teacher", evaluate._protocol(context))
    return out.getvalue(), found


@pytest.mark.parametrize("mode", ["plain", "json", "rich"])
def test_without_tasks_no_requests_are_shown(tmp_path: Path, mode: Mode) -> None:
    shown, found = said(tmp_path, [], mode)
    assert shown == ""
    assert (found["about"], found["tasks"]) == ("fake:t", [])


def test_with_tasks_the_requests_are_counted(tmp_path: Path) -> None:
    shown, found = said(tmp_path, ["items.jsonl"], "plain")
    assert "eval teacher: done, 2 requests" in shown
    assert len(found["tasks"][0]["items"]) == 2
