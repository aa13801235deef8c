"""docs/training.md is true of recipes: its snippets load, its tables have every key and default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck.recipe import Lora, Recipe, Student, Train
from limbeck.trainers.objectives.icl_distillation import IclDistillation
from limbeck.trainers.objectives.icl_tuning import IclTuning
from limbeck.trainers.objectives.step_by_step import StepByStep
from limbeck.trainers.objectives.topk_kl import TopkKl

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "training.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
STUDENTS = re.findall(r"`((?:layers|config|lora|start): [^`]+)`", PAGE)
NONE = ("none", "the whole step")


def test_the_page_shows_something() -> None:
    assert (len(SNIPPETS), len(STUDENTS)) == (4, 4)


@pytest.mark.parametrize(
    "text", [*SNIPPETS, *(f"student: {{model: bundled, {s}}}" for s in STUDENTS)]
)
def test_its_snippets_are_recipes(text: str, tmp_path: Path) -> None:
    whole = {"name": "r", "seeds": "s.jsonl", "teacher": "fake:x", "student": "bundled"}
    assert Recipe.parse(yaml.safe_dump(whole | yaml.safe_load(text)), folder=tmp_path)


def rows(start: str, end: str) -> dict[str, str]:
    """Key to default as a table has them: `a`, `b` | 1, 2 | ..."""
    found: dict[str, str] = {}
    for line in PAGE[PAGE.index(start) : PAGE.index(end)].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = re.findall(r"`(\w+)`(?!:)", cells[0])
        if line.startswith("|") and names:
            given = [value.strip() for value in cells[1].split(", ")]
            found |= zip(names, given * len(names) if len(given) == 1 else given, strict=True)
    return found


def same(told: str, default: Any) -> bool:
    if default is None:
        return told in NONE
    if type(default) is float:  # 2e-4 is a text in YAML
        return float(told) == default
    return bool(yaml.safe_load(told) == default)


@pytest.mark.parametrize("section", [Train, Student, Lora])
def test_its_table_has_every_key_with_its_default(section: Any) -> None:
    table = rows("## Keys", "## Messages")
    for name, field in section.model_fields.items():
        if field.is_required():
            continue
        assert same(table[name], field.get_default(call_default_factory=True)), name


def test_its_options_have_their_defaults() -> None:
    table = rows("| objective, option", "- **What the teacher must give**")
    made = {**vars(TopkKl()), **vars(StepByStep())}
    assert set(table) > {"alpha", "temperature", "beta", "other_rows", "divergence"}
    for name, default in table.items():
        assert same(default, made.get(name, "last")), name


@pytest.mark.parametrize("objective", [IclTuning(), IclDistillation()])
def test_its_options_for_labels_have_their_defaults(objective: Any) -> None:
    table = rows("| labels, option", "With `student_prompt: query`")
    fixed = ("name", "weights", "terms")
    for name, default in vars(objective).items():
        assert name in fixed or same(table[name], default), name


def test_its_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert "://" in link or (DOCS / link).exists(), link
