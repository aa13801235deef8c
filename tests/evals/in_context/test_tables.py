"""The tables of an in-context report: cells against counts known by construction."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.evals.in_context.cells import Table
from limbeck.evals.in_context.tables import OTHERS, curve, tables
from tests.evals.in_context.made_up import RIGHT, WEATHER, part, right

NOTHING: list[dict[str, Any]] = [
    {"tasks": [], "mean": None},
    {"tasks": [{"task": "t", "points": []}], "mean": {"points": []}},
]


def titled(found: dict[str, Any], title: str, **options: Any) -> Table:
    (table,) = [one for one in tables(found, **options) if one.title == title]
    return table


def cells(table: Table, name: str, note: str = "") -> dict[str, tuple[str, str]]:
    """The row's cells by column."""
    (row,) = [row for told, row in table.rows if told == (name, note)]
    return dict(zip(table.head[1:], row, strict=True))


def start(cell: tuple[str, str]) -> str:
    return cell[0].partition(" [")[0]


def test_the_leading_tables_come_first_and_the_rest_is_folded() -> None:
    assert [(table.title, table.fold) for table in tables(part())] == [
        ("Accuracy after 2 random demos", ""),
        ("F1, calibration, agreement", ""),
        ("Controls", ""),
        ("Gain over no demos", ""),
        ("Gain over random demos", ""),
        ("Accuracy after 2 bm25 demos", OTHERS),
        ("Controls by task", "Controls by task"),
    ]


@pytest.mark.parametrize("options", [{}, {"lost": {"mood": ["random/2"]}}, {"hard": ["teacher"]}])
def test_every_row_has_a_cell_for_every_column(options: dict[str, Any]) -> None:
    for table in [*tables(part(**options)), curve(part(**options))]:
        assert {len(row) for _, row in table.rows} == {len(table.head) - 1}
        assert len({name for name, _ in table.rows}) == len(table.rows)
        assert len(set(table.head)) == len(table.head)


def test_accuracy_by_task_has_the_worst_draw_the_gap_and_the_bars() -> None:
    table = titled(part(), "Accuracy after 2 random demos")
    assert [name for (name, _), _ in table.rows] == ["Mean over 2 tasks", "mood", WEATHER]
    mood = cells(table, "mood")
    assert mood["n"] == ("40", "")
    assert [(start(mood[m]), mood[m][1]) for m in ("Base", "Student", "Teacher")] == [
        ("45.0%", "worst 40.0%"),
        ("75.0%", "worst 70.0%"),
        ("90.0%", "worst 90.0%"),
    ]
    assert start(mood["Student − base"]) == "+30.0 points"
    assert mood["Gap closed"][0].startswith("67% [")
    # "good" is in three of six demos, as is "bad": of equal ones the first, in half of the rows.
    assert (start(mood["Majority"]), mood["Majority"][1]) == ("50.0%", "“good”")
    assert mood["kNN vote"][1] in ("BM25", "n-grams")
    mean = cells(table, "Mean over 2 tasks")
    assert (mean["n"], start(mean["Student"]), mean["Student"][1]) == (("80", ""), "75.0%", "")


def test_a_retrieved_selector_has_one_draw_and_so_no_worst() -> None:
    found = part()
    mood = cells(titled(found, "Accuracy after 2 bm25 demos"), "mood")
    assert (start(mood["Student"]), mood["Student"][1]) == ("90.0%", "")
    gain = cells(titled(found, "Gain over random demos"), "bm25", "after 2 bm25 demos")
    # 24, 36 and 38 of 40 rows in place of 18, 30 and 36.
    assert [start(cell) for cell in gain.values()] == [
        "+15.0 points",
        "+15.0 points",
        "+5.0 points",
    ]


def test_every_condition_is_held_against_no_demos() -> None:
    table = titled(part(), "Gain over no demos")
    assert [name for (name, _), _ in table.rows] == [
        "2 random",
        "2 bm25",
        "2 random, labels flipped",
        "2 random, labels random words",
    ]
    # 45%, 75% and 90% of the rows are right after two demos; 40%, 40% and 50% without.
    assert [start(cell) for cell in cells(table, "2 random").values()] == [
        "+5.0 points",
        "+35.0 points",
        "+40.0 points",
    ]
    assert start(cells(table, "2 random, labels flipped")["Student"]) == "−20.0 points"
    apart = titled(part(lost={WEATHER: list(RIGHT["student"])}), "Gain over no demos")
    assert {note for (_, note), _ in apart.rows} == {"mood"}
    assert not any(
        table.title == "Gain over no demos" for table in tables(part(counts=right(none__0=None)))
    )


def test_no_number_is_given_for_a_gap_without_bounds() -> None:
    table = titled(
        part(counts=right("teacher", random__2=(20, 16))), "Accuracy after 2 random demos"
    )
    for _, row in table.rows:
        gap = dict(zip(table.head[1:], row, strict=True))["Gap closed"]
        assert gap[0] == "teacher not measurably better"
        assert "%" not in "".join(gap)


def test_both_conventions_of_f1_and_what_a_label_alone_cannot_give() -> None:
    table = titled(part(hard=["teacher"]), "F1, calibration, agreement")
    assert any("scikit-learn" in name for name in table.head)
    assert any("MetaICL" in name for name in table.head)
    student = cells(table, "Student", "after 2 random demos")
    teacher = cells(table, "Teacher", "after 2 random demos")
    assert teacher["ECE"] == teacher["Brier score"] == ("n/a", "")
    # Always 0.7 sure and right in three quarters of the rows; ECE is of each draw (0.8 and 0.7).
    assert start(student["ECE"]) == "5.0%"
    assert start(student["Agrees with the teacher"]) == "85.0%"
    assert teacher["Agrees with the teacher"] == ("–", "")
    assert "Distance to the teacher" not in table.head


def test_controls_are_beside_what_they_are_held_against() -> None:
    mood = cells(titled(part(["mood"]), "Controls"), "Student")
    assert {name: start(cell) for name, cell in mood.items()} == {
        "Right labels": "75.0%",
        "Exchanged labels": "20.0%",
        "Exchanged − right": "−55.0 points",
        "Says the exchanged label": "80.0%",
        "Random words": "85.0%",
        "Guessing, 1/labels": "50.0%",
        # The first label is said in half of the rows, right or wrong.
        "Says the last demo's label": "50.0%",
        "Where that is right": "50.0%",
    }
    assert len(titled(part(), "Controls by task").rows) == 6


def test_what_was_not_asked_has_no_table_or_column() -> None:
    counts = {
        name: {key: rows[key] for key in ("none/0", "random/2")} for name, rows in RIGHT.items()
    }
    made = tables(part(["mood"], counts))
    assert [table.title for table in made] == [
        "Accuracy after 2 random demos",
        "F1, calibration, agreement",
        "Gain over no demos",
    ]
    bare = part(["mood"], counts)
    bare["tasks"][0]["baselines"] = []
    assert "Majority" not in titled(bare, "Accuracy after 2 random demos").head


def test_a_task_that_was_lost_keeps_its_row_and_the_others_their_numbers() -> None:
    found = part(lost={WEATHER: list(RIGHT["student"])})
    table = titled(found, "Accuracy after 2 random demos")
    lost = cells(table, WEATHER)
    assert lost["n"] == ("0", "40 left out")
    assert {lost[m] for m in ("Base", "Student", "Teacher")} == {("n/a", "")}
    assert [name for (name, _), _ in table.rows] == ["mood", WEATHER]
    quality = titled(found, "F1, calibration, agreement")
    assert quality.caption.startswith("By task, since the tasks share no condition.")
    assert start(cells(quality, "Student", "mood, after 2 random demos")["ECE"]) == "5.0%"
    assert curve(found).rows == ()


def test_the_curve_is_whole_or_its_ends() -> None:
    asked = [name for (name, _), _ in curve(part()).rows]
    assert asked == ["none", "2 random", "2 bm25"]
    counts = {
        name: {"none/0": rows["none/0"], "random/1": rows["random/2"], "random/2": rows["random/2"]}
        for name, rows in RIGHT.items()
    }
    ends = curve(part(counts=counts), whole=False)
    assert [name for (name, _), _ in ends.rows] == ["none", "2 random"]
    assert curve(part(counts=counts)).title == "Mean accuracy over 2 tasks"


def test_names_and_labels_from_files_are_escaped() -> None:
    found = part(["<script>", "x | y"])
    text = str(tables(found, escape=lambda name: f"({len(name)})"))
    assert "<script>" not in text
    assert "| y" not in text
    assert "“(5)”" in text


@pytest.mark.parametrize("found", NOTHING)
def test_nothing_measured_makes_no_tables_of_numbers(found: dict[str, Any]) -> None:
    assert curve(found).rows == ()
    for table in tables(found):
        assert {cell for _, row in table.rows for cell in row} <= {("n/a", ""), ("0", "")}
