"""`limbeck show` and `limbeck filter --set`: tables, pairs, JSON, and what is wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner, Result

from limbeck.cli.app import app
from limbeck.cli.show_rows import _differing, _flat, print_rows
from limbeck.errors import StageError, UserError
from limbeck.pipeline.filter import filter_records
from limbeck.pipeline.refused import Near, Shown
from limbeck.record import Verdict
from limbeck.rundir import RunDir
from limbeck.store import read_json
from tests.pipeline.filtering import row, run_of

TEXTS = ["a \x1b[31mred rose", "中文", "中文 ", "", "a \x1b[31mred\trose", "ok"]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    rows = [row(text, number, prompt="Say it") for number, text in enumerate(TEXTS)]
    sections = {"valid": 0, "test": 0}
    context, _ = run_of(tmp_path, rows, ["complete", "exact"], format=sections)
    filter_records(context)
    return context.run.path


def show(*words: object) -> Result:
    return CliRunner().invoke(app, ["show", *map(str, words)])


def test_the_funnel_is_a_table(run: Path) -> None:
    done = show(run)
    assert done.exit_code == 0, done.output
    lines = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in done.stdout.splitlines()
        if line.startswith("│")
    ]
    assert lines == [
        ["complete", "6", "1", "empty 1", "5"],
        ["exact", "5", "2", "duplicate 2", "3"],
    ]
    assert "3 of 6 records kept" in done.stdout
    counts = read_json(run / "filter" / "done.json")["counts"]
    row = json.loads(show(run, "--json").stdout)
    assert row == {"filters": counts["filters"], "kept": 3}


def test_refused_rows_are_printed_beside_the_nearest(run: Path) -> None:
    done = show(run, "--refused", "exact")
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.stdout
    assert "1. refused, duplicate, score 1 (record " in done.stdout
    assert "completion   a \\x1b[31mred rose" in done.stdout
    assert "  prompt     the same" in done.stdout
    assert done.stdout.endswith("2 of 2 rows that exact refused\n")
    assert show(run, "--refused", "exact", "--limit", 1).stdout.endswith(
        "1 of 2 rows that exact refused\n"
    )
    row_ = json.loads(show(run, "--refused", "exact", "--json", "--limit", 1).stdout)[0]
    assert (row_["completion"], row_["nearest"]["completion"]) == ("中文 ", "中文")


def test_rows_around_a_threshold_say_where_it_is(run: Path) -> None:
    done = show(run, "--around", "exact", "--limit", 1)
    heads = [line.split(" (")[0] for line in done.stdout.splitlines() if line[:1] in "12-"]
    assert [head for head in heads if head] == [
        "1. refused, duplicate, score 1",
        "---- exact keeps from here on ----",
        "2. kept, score 0",
        "2 rows around the threshold of exact",
    ]
    done = show(run, "--around", "complete", "--limit", 9, "--json")
    assert [row["keep"] for row in json.loads(done.stdout)] == [False, *[True] * 5]


def test_what_is_wrong_is_a_sentence(run: Path) -> None:
    for words, told in (
        (["--refused", "exat"], "did you mean 'exact'"),
        (["--refused", "exact", "--reason", "no"], "known are duplicate"),
        (["--reason", "duplicate"], "--reason goes with --refused"),
        (["--refused", "exact", "--around", "exact"], "give one of them"),
    ):
        error = show(run, *words).exception
        assert isinstance(error, UserError)
        assert told in str(error)
    (run / "filter" / "done.json").unlink()
    assert isinstance(show(run).exception, StageError)


def test_a_sweep_prints_the_funnel_and_generates_nothing(run: Path, tmp_path: Path) -> None:
    before = (run / "generate" / "done.json").read_bytes()
    words = ["filter", str(run), "--set", "exact.on=prompt", "--ledger", str(tmp_path / "l.sqlite")]
    done = CliRunner().invoke(app, [*words, "--progress", "plain", "--workers", "1"])
    assert done.exit_code == 0, done.output
    assert "filter: kept 3 -> 1; exact refused 2 -> 4" in done.output
    assert "duplicate 4" in done.stdout
    assert "1 of 6 records kept" in done.stdout
    assert (run / "generate" / "done.json").read_bytes() == before
    assert RunDir.open(run).recipe.filters[1].options == {"on": "prompt"}
    error = CliRunner().invoke(app, ["filter", str(run), "--set", "exat.on=prompt"]).exception
    assert "did you mean 'exact'?" in str(error)


def printed(one: str, two: str, *, terminal: bool, width: int = 60) -> str:
    verdict = Verdict("id", "f", False, 0.91, "near", "other")
    out = io.StringIO()
    colours: Literal["standard", "auto"] = "standard" if terminal else "auto"
    console = Console(file=out, force_terminal=terminal, width=width, color_system=colours)
    shown = Shown(verdict, "Why?", one, Near("other", "Why?", two))
    print_rows([shown], "f", total=1, console=console)
    return out.getvalue()


def test_what_differs_is_marked_on_a_terminal_only() -> None:
    pair = "The cat sat on 三只猫。", "The dog sat on 三条猫。"
    marked = printed(*pair, terminal=True)
    assert "The \x1b[1;31mcat\x1b[0m sat on 三\x1b[1;31m只\x1b[0m猫。" in marked
    assert "The \x1b[1;32mdog\x1b[0m sat on 三\x1b[1;32m条\x1b[0m猫。" in marked
    plain = printed(*pair, terminal=False)
    assert "\x1b" not in plain
    assert pair[0] in plain


def test_a_difference_far_behind_is_among_what_is_shown() -> None:
    start = "word " * 300
    text = printed(start + "cat", start + "dog", terminal=False)
    assert "cat" in text
    assert "dog" in text
    assert text.count("…") == 2
    assert len(text.splitlines()) < 15
    assert "the same" in printed(start, start, terminal=False)


@given(st.text("ab 中\néก🙂"), st.text("ab 中\néก🙂"))
def test_the_pieces_of_a_pair_are_its_texts(one: str, two: str) -> None:
    sides = _differing(one, two)
    assert ["".join(piece for piece, _ in side) for side in sides] == [_flat(one), _flat(two)]
    same = ["".join(piece for piece, differs in side if not differs) for side in sides]
    assert same[0] == same[1]


def test_a_hostile_text_reaches_no_terminal() -> None:
    hostile = "\x1b]0;owned\x07\x9b31m\u202e [bold]x[/bold] \ud800"
    text = printed(hostile, hostile + "y", terminal=True)
    for bad in ("\x1b]", "\x07", "\x9b", "\u202e", "\ud800"):
        assert bad not in text
    assert "[bold]x[/bold]" in text
