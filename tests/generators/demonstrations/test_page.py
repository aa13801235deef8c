"""docs/in_context.md is true: its commands run, its recipe loads, its table has every option."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
import typer.main
import yaml
from typer.testing import CliRunner

from limbeck.cli import app
from limbeck.demos import SELECTORS
from limbeck.generators.demonstrations import Demonstrations
from limbeck.pipeline import generate as module
from limbeck.seeds import seeds_of
from limbeck.store import read_json, read_records
from limbeck.testing import FakeLikelihoods
from tests.generators.demonstrations.tasks import known, rows

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "in_context.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
GIVEN = ("seed", "width", "pool", "capabilities", "likelihoods")  # by the pipeline


def block(kind: str) -> str:
    text, *_ = (text for name, text in BLOCKS if name == kind)
    return str(text)


def test_its_rows_are_seeds() -> None:
    made = [seed for line in block("json").splitlines() for seed in seeds_of(json.loads(line))]
    assert [seed.target for seed in made] == ["good", "下雨"]


@pytest.mark.needs("retrieve")
def test_its_commands_run_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the training: that is the trainer's own test."""
    teacher = FakeLikelihoods(known, name="bundled")
    monkeypatch.setattr("limbeck.testing.fake_teacher", lambda *_: teacher)
    monkeypatch.setattr(module, "gives_likelihoods", lambda section: True)
    monkeypatch.setenv("LIMBECK_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.chdir(tmp_path)
    recipe = block("yaml").replace("teacher: bundled", "teacher: fake:bundled")
    Path("icl.yaml").write_text(recipe.replace("student: bundled", "student: fake:s"), "utf-8")
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()), "utf-8")
    commands = [line.split("#")[0].split() for line in block("sh").splitlines()]
    assert [words[1] for words in commands] == ["estimate", "generate", "filter", "train"]
    assert {words[0] for words in commands} == {"limbeck"}
    assert commands[-1][1] in typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for words in commands[:-1]:
        result = CliRunner().invoke(app, words[1:])
        assert result.exit_code == 0, result.output
    assert len(teacher.scored) == 20
    made = list(read_records(Path("runs/icl/generate/records.jsonl")))
    assert {len(one.meta["demos"]) for one in made} == {4}
    assert read_json(Path("runs/icl/filter/done.json"))["counts"]["kept"] == 20


def test_its_table_has_every_option_with_its_default() -> None:
    table: dict[str, str] = {}
    for line in PAGE[PAGE.index("| `generate:`") : PAGE.index("## What to know")].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = re.findall(r"`(\w+)`", cells[0])
        if names:
            table |= zip(names, cells[1].split(", "), strict=True)
    options = {field.name: field.default for field in fields(Demonstrations) if field.init}
    for name in GIVEN:
        del options[name]
    assert list(table) == list(options)
    for name, default in options.items():
        told = None if table[name] == "none" else yaml.safe_load(table[name])
        assert told == default, name


def test_every_selector_and_method_is_named() -> None:
    named = PAGE[PAGE.index("- `select` is one of") : PAGE.index("with its\n  `select_options`")]
    assert set(re.findall(r"\w+", named)) >= set(SELECTORS)
    methods = re.findall(r"^\| (\w+) \|", PAGE, re.MULTILINE)
    assert set(methods) == {"exact", "top_logprobs", "sampled", "auto", "text"}


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    assert links
    for link in links:
        assert "://" in link or (DOCS / link).is_file(), link
