"""docs/in_context_evaluation.md is true: its section loads, its tables name every option."""

from __future__ import annotations

import json
import re
from pathlib import Path

import typer.main
import yaml

from limbeck.cli import app
from limbeck.evals.in_context import resample
from limbeck.evals.in_context.summary import summary
from limbeck.recipe import Recipe
from limbeck.recipe_eval import InContext
from tests.evals.in_context.made import answered, copying, setting, task

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "in_context_evaluation.md").read_text(
    "utf-8"
)
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)


def test_its_section_loads(tmp_path: Path) -> None:
    [text] = [text for kind, text in BLOCKS if kind == "yaml"]
    job = {"name": "icl", "seeds": "rows.jsonl", "teacher": "bundled", "student": "bundled"}
    made = Recipe.parse(json.dumps(job | yaml.safe_load(text)), folder=tmp_path)
    assert made.eval.in_context is not None
    assert made.eval.in_context.select == ("random", "bm25")
    assert made.eval.in_context.demos == tmp_path / "pool.jsonl"


def test_its_commands_are_verbs() -> None:
    [text] = [text for kind, text in BLOCKS if kind == "sh"]
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    used = [line.split()[1] for line in text.splitlines()]
    assert used == ["eval", "report", "compare"]
    assert set(used) <= set(verbs)


def test_its_table_has_every_option_and_default() -> None:
    table = PAGE[PAGE.index("| `eval.in_context:`") :].split("\n\n")[0].splitlines()[2:]
    found: dict[str, str] = {}
    for line in table:
        names, default = line.strip("|").split("|")[:2]
        found |= dict.fromkeys(re.findall(r"`(\w+)`", names), default.strip())
    assert set(found) == set(InContext.model_fields)
    defaults = {name: field.default for name, field in InContext.model_fields.items()}
    for name in ("shots", "controls"):
        assert found[name] == ", ".join(map(str, defaults[name]))
    for name in ("seeds", "near", "labels", "samples"):
        assert found[name] == str(defaults[name])


def test_its_metrics_are_those_of_the_report() -> None:
    how = setting(select=("random", "bm25"), controls=("flipped",))
    said = answered(copying, task(), how=how)
    found = summary({"base": said, "student": said, "teacher": said}, seed=0)
    points = found["tasks"][0]["points"]
    keys = {key for point in points for key in point["models"]["student"]}
    assert keys == {"accuracy", *set(re.findall(r"`(\w+)`", PAGE)) & keys}
    assert f"{resample.DRAWS:,} times" in PAGE
