"""What README shows is true: its files exist, its Python runs, its commands are the verbs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

import limbeck
from limbeck.cli import app
from limbeck.recipe import Recipe
from limbeck.testing import FaultyServer
from limbeck.testing.__main__ import SHORT

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


def test_the_recipes_of_the_readme_are_valid() -> None:
    block, data = [text for kind, text in BLOCKS if kind == "yaml"]
    recipe = Recipe.parse(f"name: x\nseeds: s.jsonl\nstudent: bundled\n{block}", folder=ROOT)
    assert recipe.teacher.model == "openai:gpt-4o-mini"
    assert Recipe.parse(data, folder=ROOT).student is None


def test_the_commands_on_cost_and_resume_do_what_it_says(tmp_path: Path) -> None:
    [block] = [text for kind, text in BLOCKS if kind == "sh" and "limbeck estimate" in text]
    first, *commands = [line.split("#")[0].split() for line in block.splitlines() if line]
    assert first[:3] == ["python", "-m", "limbeck.testing"]
    assert [words[:2] for words in commands] == [
        ["limbeck", verb] for verb in ("estimate", "generate", "generate", "retry", "ledger")
    ]
    recipe = (ROOT / "recipes" / "api.yaml").read_text(encoding="utf-8")
    recipe = recipe.replace("../datasets", str(ROOT / "datasets"))
    (tmp_path / "recipes").mkdir()
    with FaultyServer(SHORT, rate=float(first[first.index("--rate") + 1])) as server:
        path = tmp_path / "recipes" / "api.yaml"
        path.write_text(recipe.replace("http://127.0.0.1:8000/v1", server.base_url), "utf-8")
        said = [
            subprocess.run(
                [sys.executable, "-m", *words],
                cwd=tmp_path,
                env=os.environ | {"LIMBECK_LEDGER": str(tmp_path / "ledger.sqlite")},
                capture_output=True,
                text=True,
                check=True,
                timeout=120,
            )
            for words in commands
        ]
    estimate, generate, again, retry, stats = (done.stdout + done.stderr for done in said)
    assert "880 requests from 440 prompts" in estimate
    assert "prompts for 500 good rows" in estimate
    assert "20 already answered in the ledger, 860 left to ask" in generate
    assert "not asked again unless you say so" in generate
    assert "already done, nothing changed" in again
    assert "13 truncated" in retry
    assert "retired                 13" in stats
