"""`limbeck merge`: what is printed, and the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from limbeck.cli.app import app
from limbeck.errors import Transient, UserError
from limbeck.rundir import RunDir
from tests.pipeline.machines import PROMPTS, Machines, made


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    return Machines(tmp_path, monkeypatch)


def limbeck(*words: object) -> Result:
    return CliRunner().invoke(app, [*map(str, words), "--progress", "quiet"])


def test_three_machines_from_recipe_to_filter(machines: Machines, tmp_path: Path) -> None:
    """As docs/scale.md shows it."""
    whole = machines.run("whole")
    recipe = whole / "recipe.yaml"
    for n in (1, 2, 3):
        done = limbeck(
            *("generate", recipe, "--set", f"seeds.part={n}/3"),
            *("--into", tmp_path / f"m{n}" / "runs", "--ledger", tmp_path / f"m{n}.sqlite"),
        )
        assert done.exit_code == 0, done.output
    runs = [tmp_path / f"m{n}" / "runs" / "r" for n in (1, 2, 3)]
    done = limbeck("merge", *runs, "--into", tmp_path / "all")
    assert done.exit_code == 0, done.output
    rows = f"{2 * len(PROMPTS)} records of {len(PROMPTS)} seeds, 0 failed requests"
    lines = done.stdout.splitlines()
    assert lines[0] == f"{tmp_path / 'all'}: 3 runs merged, {rows}"
    assert "limbeck ledger merge OTHER.sqlite" in lines[1]
    assert lines[2] == f"To go on: limbeck filter {tmp_path / 'all'}"
    assert made(tmp_path / "all") == made(whole)
    assert limbeck("filter", tmp_path / "all").exit_code == 0
    assert RunDir.open(tmp_path / "all").done("format") is not None
    again = limbeck("merge", *runs, "--into", tmp_path / "all")
    assert again.stdout.startswith(f"{tmp_path / 'all'}: nothing changed, {rows}")


def test_open_failures_are_said_with_what_they_may_cost(machines: Machines, tmp_path: Path) -> None:
    machines.fail = lambda request: (
        Transient("503") if "7" in request.messages[-1].content else None
    )
    parts = machines.parts(2, teacher={"model": "fake:t", "attempts": 1})
    done = limbeck("merge", *parts, "--into", tmp_path / "all")
    assert "limbeck run asks the 4 failed requests again, and all others too where the" in (
        done.stdout
    )


def test_a_wrong_word_is_a_sentence(machines: Machines, tmp_path: Path) -> None:
    parts = machines.parts(2)
    for words, text in (
        (["--prefer", "last"], "--prefer is first, or left out, got 'last'"),
        (["--set", "generate.paths"], "--set wants KEY=VALUE"),
    ):
        done = limbeck("merge", *parts, "--into", tmp_path / "all", *words)
        assert isinstance(done.exception, UserError)
        assert text in str(done.exception)
    assert limbeck("merge", *parts).exit_code == 2
    assert limbeck("merge", "--into", tmp_path / "all").exit_code == 2


def test_names_cannot_write_to_the_terminal(machines: Machines, tmp_path: Path) -> None:
    """A note quotes a recipe's value, which another machine wrote."""
    one = machines.run("m1", "1/2")
    other = machines.run("m2", "2/2", eval={"tasks": ["a\x1b[31mb"]})
    done = limbeck("merge", one, other, "--into", tmp_path / "all")
    assert done.exit_code == 0, done.output
    assert "eval.tasks" in done.stdout
    assert "\x1b" not in done.stdout
