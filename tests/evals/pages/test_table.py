"""The transfer table as a terminal shows it."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from limbeck.evals.pages import findings
from limbeck.evals.pages.table import transfer_table
from limbeck.evals.pages.verdict import verdict
from tests.evals.in_context.made_up import WEATHER, part
from tests.evals.report_example import example
from tests.evals.report_parts import imitation, task, unbounded


def shown(*tasks: dict[str, Any], width: int = 120, **more: Any) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=False, color_system=None)
    console.print(transfer_table({"tasks": list(tasks), **more}))
    return out.getvalue()


def rows(text: str) -> list[list[str]]:
    """The cells of every task's row."""
    lines = [line.split("│")[1:-1] for line in text.splitlines() if "│" in line]
    return [[cell.strip() for cell in cells] for cells in lines]


def row(text: str, name: str) -> list[str]:
    """The cells of a task's row."""
    (found,) = [cells for cells in rows(text) if cells[0] == name]
    return found


def test_a_row_holds_the_scores_the_difference_its_p_and_the_gap() -> None:
    assert row(shown(task(), width=200), "knowledge") == [
        "knowledge",
        "31.0% ± 2.9",
        "38.0% ± 3.0",
        "52.0% ± 3.1",
        "+7.0 points [+2.0, +12.0]",
        "0.008",
        "33% [12%, 55%]",
        "252",
    ]


def test_an_unbounded_gap_is_told_in_words_without_a_number() -> None:
    assert row(shown(unbounded(), width=200), "recall")[6] == "teacher not measurably better"


def test_a_score_that_is_not_there_is_told() -> None:
    assert row(shown(task(teacher=None, gap_closed=None)), "knowledge")[3] == "n/a"


def test_the_verdict_follows_the_table() -> None:
    tasks = [imitation(), task(), unbounded()]
    text = shown(*tasks, width=400)
    lines = [*verdict({"tasks": tasks}), findings.reading({"tasks": tasks})]
    assert [line.rstrip() for line in text.splitlines()][-len(lines) :] == lines


def test_every_task_has_its_row_in_order() -> None:
    text = shown(imitation(), task(), unbounded(), width=200)
    assert [cells[0] for cells in rows(text)] == ["imitation_nll", "knowledge", "recall"]


def test_names_from_outside_are_text_and_no_markup() -> None:
    text = shown(task("[red]bold[/red]"), task("bell\x1b[31m"))
    assert "[red]bold[/red]" in text
    assert "\x1b" not in text


def test_a_report_without_tasks_says_so() -> None:
    assert "Nothing was measured" in shown()


def test_a_narrow_terminal_keeps_every_number() -> None:
    text = shown(task(), width=80)
    for number in ("31.0% ± 2.9", "38.0% ± 3.0", "52.0% ± 3.1", "252"):
        assert number in text


def test_in_context_is_a_short_table_of_the_mean() -> None:
    text = shown(in_context=part())
    assert "Nothing was measured" not in text
    assert "Transfer" not in text
    assert "In context: Mean accuracy over 2 tasks" in text
    assert [cells[0] for cells in rows(text)] == ["none", "2 random", "2 bm25"]
    student = row(text, "2 random")
    assert [cell.partition(" [")[0] for cell in student[1:]] == [
        "45.0%",
        "75.0%",
        "90.0%",
        "+30.0 points",
    ]


def test_both_tables_are_there_before_one_verdict() -> None:
    found = part()
    text = shown(task(), width=2000, in_context=found)
    assert text.index("Transfer") < text.index("In context: Mean accuracy")
    lines = verdict({"tasks": [task()], "in_context": found})
    lines.append(findings.reading({"tasks": [task()]}))
    assert [line.rstrip() for line in text.splitlines()][-len(lines) :] == lines


def test_without_a_mean_there_is_the_verdict_alone() -> None:
    conditions = ["none/0", "random/2", "bm25/2", "random/2/flipped", "random/2/random_words"]
    text = shown(in_context=part(lost={WEATHER: conditions}), width=400)
    assert rows(text) == []
    assert text.startswith("In context, after 2 random demos, the student is measurably more")


def test_the_p_is_holms_where_the_report_has_it_and_means_are_rows() -> None:
    report = example()
    text = shown(*report["tasks"], width=200, pooled=report["pooled"])
    assert "p (Holm)" in text
    assert row(text, "arithmetic")[5] == "0.040"
    assert row(text, "Mean over 6 tasks")[1:] == [
        *["–"] * 3,
        "+3.1 points [+1.1, +5.1]",
        "",
        "20% [7%, 34%]",
        "1,512",
    ]


def test_the_second_view_is_not_in_the_table() -> None:
    text = shown(task("a"), task("b", view="likelihood", teacher=None), width=200)
    assert [cells[0] for cells in rows(text)] == ["a"]
