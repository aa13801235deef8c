"""The smaller tables: every row, empty columns left out, nulls in words."""

from __future__ import annotations

import pytest

from limbeck.evals.pages import tables
from tests.evals.report_example import example, first_schema
from tests.evals.report_parts import flips, style, task


def test_a_report_without_them_has_none_of_the_tables() -> None:
    for made in (tables.style, tables.judge, tables.changed, tables.support):
        assert made(first_schema()) == []
        assert made({}) == []


def test_a_feature_has_its_ceiling_and_one_without_a_bound_no_number() -> None:
    features, apart = tables.style(example())
    assert features.head[4] == "Second teacher sample"
    rows = {name: cells for (name, _), cells in features.rows}
    assert rows["hedges"][-1] == ("31% [21%, 41%]", "")
    assert rows["code fences"][-1] == ("not measurable", "base is not measurably apart")
    assert rows["length"] == (
        *((number, "") for number in ("41.20", "103.00", "120.50", "117.90")),
        ("88% [78%, 98%]", ""),
    )
    assert rows["Mean over features"][-1] == ("95% [88%, 102%]", "")
    assert "temperature 0.7, at most 256 tokens" in features.caption
    assert [name for (name, _), _ in apart.rows] == [
        "Base",
        "Student",
        "Teacher",
        "Second teacher sample",
    ]


def test_columns_without_anything_in_them_are_left_out() -> None:
    alone = style(outcomes=None)
    assert tables.style({"style": alone})[1].head == ("Answers of", "AUC")
    [table] = tables.changed({"tasks": [task(flips=flips(copied=None, past_teacher=None))]})
    assert table.head == ("Task", "Acquired", "Forgotten")


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"count": 14, "of": 63}, "14 of 63 (22.2%)"),
        ({"count": 0, "of": 0}, "0 of 0"),
        ({"count": None, "of": 3}, "n/a"),
        (None, "n/a"),
    ],
)
def test_a_count_has_what_it_is_of(entry: dict[str, int] | None, text: str) -> None:
    assert tables.of(entry) == text


def test_the_second_view_is_in_no_table() -> None:
    row = task("t", view="likelihood", flips=flips())
    assert tables.changed({"tasks": [row]}) == []


def test_a_quartile_has_its_range_and_a_gap_without_a_bound_no_number() -> None:
    [table] = tables.support(example())
    (name, note), cells = table.rows[1]
    assert (name, note) == ("arithmetic", "similarity 0.11–0.19")
    assert cells[0] == ("63", "")
    assert cells[-1] == ("teacher not measurably better", "")
    assert tables.slopes(example()) == [
        "arithmetic: +2.1 points [+0.4, +3.8] per 0.1 of similarity, p = 0.015"
    ]
