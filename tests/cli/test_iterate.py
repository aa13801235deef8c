"""`limbeck iterate`: what it needs, what it says beforehand, its tables; and what `run` says."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import yaml
from typer.testing import CliRunner

from limbeck.cli.app import app
from limbeck.errors import RecipeError
from limbeck.pipeline.context import Context
from limbeck.recipe import Iterate
from limbeck.store import write_jsonl
from tests.test_recipe import BASE

QUESTIONS = [{"prompt": f"数到 {n} 🌊", "target": str(n)} for n in range(4)]


class Table(NamedTuple):
    title: str
    head: list[str]
    rows: list[list[str]]
    notes: list[str]


@dataclass
class Seen:
    """The loops that were made and run."""

    made: list[Any] = field(default_factory=list)
    run: list[Any] = field(default_factory=list)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """The loop and its tables, replaced: only the verb is tested here."""
    found = Seen()

    def loop_of(context: Context, folder: Path) -> Any:
        section: Iterate | None = context.recipe.iterate
        found.made.append(SimpleNamespace(context=context, folder=folder, section=section))
        return found.made[-1]

    def run_loop(loop: Any) -> dict[str, Any]:
        found.run.append(loop)
        return {"name": "[b]轮[/b]"}

    def tables(made: dict[str, Any]) -> list[Table]:
        return [Table(made["name"], ["round", "score"], [["1", "[b]x[/b]"]], ["See [b]below[/b]."])]

    loops = SimpleNamespace(loop_of=loop_of, run_loop=run_loop)
    monkeypatch.setitem(sys.modules, "limbeck.pipeline.iterate.loop", loops)
    shown = SimpleNamespace(tables=tables)
    monkeypatch.setitem(sys.modules, "limbeck.evals.rounds.tables", shown)
    said = SimpleNamespace(lines=lambda made: [f"Lead: [b]{made['name']}"])
    monkeypatch.setitem(sys.modules, "limbeck.evals.rounds.page", said)
    return found


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    job = BASE | {"eval": {"tasks": ["test.jsonl"]}, "iterate": {"rounds": 2}}
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(job, allow_unicode=True), encoding="utf-8")
    write_jsonl(tmp_path / "seeds.jsonl", QUESTIONS)
    write_jsonl(tmp_path / "test.jsonl", [{"prompt": "Which sea is the saltiest?", "target": "7"}])
    return tmp_path / "r.yaml"


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    seen: Seen, recipe: Path, tmp_path: Path
) -> None:
    into = ["--into", str(tmp_path / "runs"), "--ledger", str(tmp_path / "l.sqlite")]
    done = CliRunner().invoke(app, ["iterate", str(recipe), *into, "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "x-iterate: 2 rounds at most, 3 students to train" in done.stdout
    assert "round 2: the teacher answers 204 questions, of which 200 are new" in done.stdout
    assert seen.run == []
    assert not (tmp_path / "runs").exists()


def test_the_tables_are_printed_and_the_page_is_named(
    seen: Seen, recipe: Path, tmp_path: Path
) -> None:
    given = ["--set", "iterate.rounds=5", "--into", str(tmp_path / "runs")]
    done = CliRunner().invoke(app, ["iterate", str(recipe), *given])
    assert done.exit_code == 0, done.output
    assert "[b]轮[/b]" in done.stdout  # a name is text, and no markup
    assert "[b]x[/b]" in done.stdout
    assert done.stdout.startswith("Lead: [b][b]轮[/b]\n"), "the finding is first"
    assert "See [b]below[/b]." in done.stdout
    folder = tmp_path / "runs" / "x-iterate"
    assert done.stdout.endswith(f"Rounds: {folder / 'index.html'}\n")
    [loop] = seen.run
    assert (loop.folder, loop.section.rounds) == (folder, 5)


def test_the_folder_of_a_loop_goes_on(seen: Seen, recipe: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere" / "x-iterate"
    folder.mkdir(parents=True)
    (folder / "iterate.yaml").write_text(recipe.read_text(encoding="utf-8"), encoding="utf-8")
    done = CliRunner().invoke(app, ["iterate", str(folder), "--set", "iterate.rounds=3"])
    assert done.exit_code == 0, done.output
    [loop] = seen.run
    assert (loop.folder, loop.section.rounds) == (folder, 3)


def test_ctrl_c_says_how_to_go_on(
    seen: Seen, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(loop: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["limbeck.pipeline.iterate.loop"], "run_loop", stopped)
    # An ordinary run of the recipe has nothing to do with it.
    (tmp_path / "runs" / "x" / "train" / "checkpoints" / "step-7").mkdir(parents=True)
    into = ["--into", str(tmp_path / "runs"), "--set", "seed=1"]
    done = CliRunner().invoke(app, ["iterate", str(recipe), *into, "--progress", "plain"])
    assert done.exit_code == 130
    assert "stopped; what was answered is in the ledger. To go on" in " ".join(done.output.split())
    assert (
        f"To go on: limbeck iterate {recipe} --set seed=1 --into {tmp_path / 'runs'}" in done.output
    )


def test_a_recipe_without_a_loop_is_told_what_is_missing(seen: Seen, recipe: Path) -> None:
    error = CliRunner().invoke(app, ["iterate", str(recipe), "--set", "iterate=null"]).exception
    assert isinstance(error, RecipeError)
    assert str(error).startswith(f"{recipe} has no section iterate, which says how many rounds")
    assert str(error).endswith(f"limbeck run {recipe}")
    assert seen.made == []


def test_a_run_of_a_loop_names_its_loop(seen: Seen, recipe: Path, tmp_path: Path) -> None:
    """But not a recipe that lies beside another one of that name."""
    text = recipe.read_text(encoding="utf-8")
    (tmp_path / "iterate.yaml").write_text(text, encoding="utf-8")
    job = {key: value for key, value in yaml.safe_load(text).items() if key != "iterate"}
    run = tmp_path / "round-2"
    run.mkdir()
    write_jsonl(run / "seeds.jsonl", QUESTIONS)
    (run / "recipe.yaml").write_text(yaml.safe_dump(job, allow_unicode=True), encoding="utf-8")
    error = CliRunner().invoke(app, ["iterate", str(run)]).exception
    assert str(error) == (
        f"{run} is one run of the loop {tmp_path}, which goes on with: limbeck iterate {tmp_path}"
    )
    assert CliRunner().invoke(app, ["iterate", str(recipe), "--dry-run"]).exit_code == 0
    assert seen.run == []


@pytest.mark.parametrize(
    ("words", "is_told"),
    [(["run"], True), (["run", "--set", "iterate=null"], False), (["generate"], False)],
)
def test_run_says_that_it_does_one_round_only(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], is_told: bool
) -> None:
    # By their names these are a function and the app.
    stages, verbs = map(import_module, ("limbeck.pipeline.run", "limbeck.cli.app"))
    monkeypatch.setattr(stages, "do_stages", lambda *_: None)
    monkeypatch.setattr(verbs, "_show_table", lambda *_: None)
    verb, *more = words
    into = ["--into", str(tmp_path / "runs"), "--progress", "plain"]
    done = CliRunner().invoke(app, [verb, str(recipe), *more, *into])
    assert done.exit_code == 0, done.output
    told = "limbeck run does one round only: nothing is compared and no new question comes of it."
    assert (told in done.output) is is_told
    assert (f"The whole loop: limbeck iterate {recipe}" in done.output) is is_told
