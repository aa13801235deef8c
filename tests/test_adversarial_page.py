"""docs/adversarial.md is true: every key of the loop stands there with its default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from pydantic import BaseModel
from typer.testing import CliRunner

from limbeck.cli import app
from limbeck.recipe_iterate import Iterate, Referee, Stop
from limbeck.recipe_teacher import OtherModel

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = (DOCS / "adversarial.md").read_text(encoding="utf-8")
HEAD = "| key | default | meaning |\n|---|---|---|\n"
TABLES = [table.partition("\n\n")[0] for table in PAGE.split(HEAD)[1:]]


def shown(table: str) -> dict[str, Any]:
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]
    assert all(meaning for _, _, meaning in rows)
    return {name.strip("`"): yaml.safe_load(default) for name, default, _ in rows}


def defaults(model: type[BaseModel]) -> dict[str, Any]:
    """Key to default as a recipe writes it; none for null."""
    fields = model.model_fields.items()
    plain = {name: field.get_default(call_default_factory=True) for name, field in fields}
    return {
        name: "none" if value is None else list(value) if isinstance(value, tuple) else value
        for name, value in plain.items()
    }


@pytest.mark.parametrize(("number", "model"), list(enumerate((Iterate, Stop, Referee))))
def test_every_key_stands_there_with_its_default(number: int, model: type[BaseModel]) -> None:
    expected = defaults(model)
    if model is Iterate:
        assert expected["stop"] == Stop()
        expected["stop"] = "see below"
    if model is Referee:
        expected = {k: v for k, v in expected.items() if k not in OtherModel.model_fields}
    assert shown(TABLES[number]) == expected
    assert list(shown(TABLES[number])) == list(expected)


def test_it_has_no_other_table_of_keys() -> None:
    assert len(TABLES) == 3


def test_its_links_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", PAGE) if "://" not in link]
    assert links
    for link in links:
        name, _, heading = link.partition("#")
        page = DOCS / name if name else DOCS / "adversarial.md"
        assert page.exists(), link
        headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
        anchors = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
        assert not heading or heading in anchors, link


def test_its_loops_can_be_foreseen(tmp_path: Path) -> None:
    """Each command on a recipe, as it stands there but for the model's file, and as a dry run."""
    words = " ".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)).splitlines()
    given = [line.partition("#")[0].split()[1:] for line in words if ".yaml" in line]
    assert len(given) >= 2
    for _, recipe, *more in given:
        more = [word.replace("gguf:FILE", "fake:大") for word in more if word != "--dry-run"]
        into = ["--into", str(tmp_path / "runs"), "--dry-run"]
        done = CliRunner().invoke(app, ["iterate", str(DOCS.parent / recipe), *more, *into])
        assert done.exit_code == 0, done.output
        assert "3 rounds at most, 5 students to train" in done.output


def test_its_commands_are_verbs() -> None:
    verbs = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    named = re.findall(r"^limbeck (\w+)", "".join(blocks), re.MULTILINE)
    assert named
    assert set(named) <= verbs
