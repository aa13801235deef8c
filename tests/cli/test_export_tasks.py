"""`limbeck tasks export`: what was written, and what is not the same, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from limbeck.cli.app import app
from limbeck.store import write_jsonl


@pytest.mark.needs("eval")
def test_every_task_is_told_with_what_is_not_the_same(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "s.jsonl", [{"prompt": "Hi"}])
    item = {"question": "Capitale\x1b[31m de l'Italie ?", "options": ["Rome", "Paris"], "answer": 0}
    write_jsonl(tmp_path / "quiz.jsonl", [item])
    recipe = tmp_path / "r.yaml"
    text = "name: r\nseeds: s.jsonl\nteacher: bundled\nstudent: bundled\n"
    recipe.write_text(f"{text}eval: {{tasks: [imitation, quiz.jsonl]}}\n", encoding="utf-8")
    into = tmp_path / "made"
    done = CliRunner().invoke(app, ["tasks", "export", str(recipe), "--into", str(into)])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "quiz: 1 items, multiple choice, by the likelihood of each option"
    assert lines[1].startswith("  not as in limbeck: lm-eval counts white space")
    assert "not exported: imitation: there are no held-out completions yet" in done.stdout
    assert (into / "quiz_written.yaml").is_file()
    assert not (tmp_path / "runs").exists()
