"""docs/retriever.md is true: its command and recipe are read, its table has every option."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from limbeck.cli import app
from limbeck.demos import Demo
from limbeck.recipe import Recipe
from limbeck.trainers.retriever.ngrams import NgramBackbone
from limbeck.trainers.retriever.tuned import JUDGE_LENGTH, MAX_LENGTH, ModelBackbone

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "retriever.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL))
QUIET = ("--progress", "--json", "--help")  # as everywhere


def verb() -> Any:
    found: Any = typer.main.get_command(app)
    return found.commands["retriever"]


def test_its_command_is_understood_and_its_rows_are_demos() -> None:
    words = BLOCKS["sh"].split()
    assert words[:2] == ["limbeck", "retriever"]
    context = verb().make_context("retriever", words[2:])
    assert str(context.params["into"]) == "retriever"
    rows = [Demo.from_json(json.loads(line)) for line in BLOCKS["json"].splitlines()]
    assert [row.output for row in rows] == ["good", "下雨"]


def test_its_recipe_loads(tmp_path: Path) -> None:
    (tmp_path / "retriever").mkdir()
    made = Recipe.parse(BLOCKS["yaml"], folder=tmp_path)
    assert made.generate.options["select_options"]["encoder"] == str(tmp_path / "retriever")


def test_its_table_has_every_option_with_its_default() -> None:
    table: dict[str, str] = {}
    for line in PAGE[PAGE.index("| option |") : PAGE.index("## Leaving parts out")].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].startswith("`--"):
            table[cells[0].strip("`")] = cells[1]
    options = {option.opts[0]: option for option in verb().params if option.opts[0][:2] == "--"}
    assert set(table) == set(options) - set(QUIET)
    for name, shown in table.items():
        if options[name].required:
            assert shown == "", name
        elif getattr(options[name], "is_flag", False):
            assert shown == "off", name
        else:
            told = None if shown == "none" else yaml.safe_load(shown)
            assert told == options[name].default, name


@pytest.mark.parametrize("backbone", [NgramBackbone, ModelBackbone])
def test_the_paces_that_it_and_the_help_tell(backbone: Any) -> None:
    pace, judge = backbone.pace, backbone.judge_pace
    helps = {option.opts[0]: getattr(option, "help", "") for option in verb().params}
    of = "for n-grams" if backbone is NgramBackbone else "for a model"
    for name, number in (
        ("--temperature", f"{backbone.temperature:g}"),
        ("--epochs", str(pace.epochs)),
        ("--learning-rate", f"{pace.rate:g}"),
        ("--reward-epochs", str(judge.epochs)),
        ("--reward-learning-rate", f"{judge.rate:g}"),
    ):
        number = {"0.02": "2e-2", "5e-05": "5e-5", "3e-05": "3e-5"}.get(number, number)
        if (name, number) == ("--reward-learning-rate", "0.01"):
            number = "1e-2"
        [row] = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}`")]
        assert f"{number} {of}" in row
        assert number in helps[name]


def test_the_lengths_that_it_tells() -> None:
    assert f"cut off at {MAX_LENGTH} tokens, rewards at {JUDGE_LENGTH}" in PAGE


def test_its_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert "://" in link or (DOCS / link).is_file(), link
