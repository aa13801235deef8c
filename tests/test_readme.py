"""What README shows is true: its files exist, its Python runs, its commands are the verbs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

import limbeck
from limbeck.cli import app
from limbeck.recipe import Recipe

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def test_every_file_of_the_tree_exists() -> None:
    tree = README[README.index("## The house") :]
    folder = Path()
    seen = 0
    for line in re.findall(r"```text\n(.*?)```", tree, re.DOTALL)[0].splitlines():
        name = line.split()[0]
        path = folder / name if line.startswith("  ") else Path(name)
        folder = folder if line.startswith("  ") else path
        assert (ROOT / path).exists(), path
        seen += 1
    assert seen > 20


def test_every_linked_page_exists() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    for link in links:
        assert (ROOT / link).is_file(), link


def test_every_command_is_a_verb() -> None:
    verbs = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    shown = re.findall(r"^limbeck (\w+)", "".join(t for k, t in BLOCKS if k == "sh"), re.MULTILINE)
    assert {"generate", "filter", "train", "eval", "report", "plugins"} <= set(shown)
    assert set(shown) <= verbs


def test_the_python_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of it but the hour of work: `run` gets a recipe that resolves, and its tasks print."""
    monkeypatch.chdir(ROOT)

    class Finished:
        tasks = [  # noqa: RUF012  stands for limbeck.Run
            {"task": "t", "base": 1, "student": 2, "teacher": 3, "gap_closed": 0.5}
        ]

    def run(recipe: Recipe, *, into: str) -> Any:
        assert recipe.resolved(ROOT).seeds.path.is_file()
        return Finished()

    monkeypatch.setattr(limbeck, "run", run, raising=False)
    [block] = [text for kind, text in BLOCKS if kind == "python"]
    exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out == "t 1 2 3 0.5\n"


def test_the_api_section_of_the_readme_is_a_valid_recipe() -> None:
    [block] = [text for kind, text in BLOCKS if kind == "yaml"]
    recipe = Recipe.parse(f"name: x\nseeds: s.jsonl\nstudent: bundled\n{block}", folder=ROOT)
    assert recipe.teacher.model == "openai:gpt-4o-mini"
