"""docs/filters.md is true: every registered filter stands there with its options and defaults."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from limbeck.filters.chain import is_alone
from limbeck.filters.format import Reason
from limbeck.filters.pii.found import KINDS
from limbeck.recipe import Recipe
from limbeck.registry import build, plugins

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "filters.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
FILTERS = {plugin.name: plugin for plugin in plugins("filters") if plugin.source == "built-in"}
NEEDED: dict[str, dict[str, Any]] = {"diversity": {"pick": 1}, "score": {"least": 0.5}}


def options(section: str) -> dict[str, Any]:
    """Option to default, as the section's table of options has them."""
    table = section.partition("| option | default | meaning |\n|---|---|---|\n")[2]
    rows = table.partition("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {name.strip("`"): yaml.safe_load(default) for name, default, *_ in cells}


def defaults(name: str) -> dict[str, Any]:
    found = inspect.signature(FILTERS[name].load()).parameters.values()
    plain = {p.name: list(p.default) if isinstance(p.default, tuple) else p.default for p in found}
    words = {None: "none", inspect.Parameter.empty: "required"}
    return {
        key: words.get(value, value) if not isinstance(value, list) else value
        for key, value in plain.items()
    }


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_a_filter_stands_there_with_its_options(name: str) -> None:
    assert name in SECTIONS, f"docs/filters.md has no section on {name}"
    assert options(SECTIONS[name]) == defaults(name)


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_its_reasons_and_its_score_are_told(name: str) -> None:
    assert re.search(r"^Reasons.*: `\w+`", SECTIONS[name], re.MULTILINE), name
    assert re.search(r"\bScore: \w", SECTIONS[name]), name


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_alone_is_said_of_those_that_are(name: str) -> None:
    said = re.search(r"\bAlone\b", SECTIONS[name]) is not None
    assert is_alone(build("filters", name, NEEDED.get(name, {}))) == said


def test_every_reason_of_format_is_told() -> None:
    assert [word for word in get_args(Reason) if f"`{word}`" not in SECTIONS["format"]] == []


def test_every_kind_of_pii_is_told() -> None:
    reasons = SECTIONS["pii"].partition("Score:")[0]
    assert [kind for kind in KINDS if f"`{kind}`" not in reasons] == []


def test_its_example_is_a_recipe(tmp_path: Path) -> None:
    pytest.importorskip("py3langid")
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    whole = {"name": "r", "seeds": "s.jsonl", "teacher": "fake:x", "student": "bundled"}
    recipe = Recipe.parse(yaml.safe_dump(whole | yaml.safe_load(example)), folder=tmp_path)
    assert [step.name for step in recipe.filters][:2] == ["complete", "exact"]


def test_its_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (DOCS / link).exists(), link
