"""Findings in words: in which order, and how numbers are written."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.audit import markdown, page
from limbeck.audit.grades import (
    grades,
    groups,
    headline,
    measure_of,
    source_line,
    source_sentence,
)
from tests.audit import sheets


def test_the_gravest_first_else_the_reports_order() -> None:
    made = grades(sheets.mixed())
    assert [grade.key for grade in made[:5]] == [
        "unreadable", "wrong_answers", "refusals", "lengths", "cost",
    ]  # fmt: skip
    assert [level for level, _, _ in groups(made)] == [
        "problem", "warning", "note", "good", "unknown",
    ]  # fmt: skip
    assert sum(len(found) for _, _, found in groups(made)) == len(sheets.KEYS)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "12 of 1,000 rows, 1.2% [0.7%, 2.1%]"),
        ({"sampled": True}, "12 of 1,000 rows sampled, 1.2% [0.7%, 2.1%]"),
        ({"of": None}, "12 rows, 1.2% [0.7%, 2.1%]"),
        ({"low": None}, "12 of 1,000 rows, 1.2%"),
        ({"count": None}, "1.2% [0.7%, 2.1%]"),
        ({"count": None, "share": None}, ""),
        ({"count": 0, "share": 0.0, "low": 0.0}, "0 of 1,000 rows, 0.0% [0.0%, 2.1%]"),
        ({"share": 0.00012, "low": 0.00003}, "12 of 1,000 rows, 0.01% [0.003%, 2.1%]"),
        ({"share": float("nan")}, "12 of 1,000 rows"),
    ],
)
def test_count_and_share(more: dict[str, Any], said: str) -> None:
    (grade,) = grades(sheets.report(sheets.finding("pii", "note", **more)))
    assert measure_of(grade) == said


def test_what_was_not_measured_says_why_and_no_number() -> None:
    finding = sheets.finding("cost", "unknown", count=3, of=4, share=0.75)
    (grade,) = grades(sheets.report(finding))
    assert (measure_of(grade), grade.says) == ("", "there is no column of that.")
    assert grade.word == "Not measured"


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ("", "Nothing was measured in 1,000 rows."),
        ("unknown unknown", "Nothing was measured in 1,000 rows."),
        ("good note", "No problem and no warning in 1,000 rows."),
        ("good warning", "No problem and 1 warning in 1,000 rows: b."),
        ("problem good unknown", "1 problem in 1,000 rows: a. Not measured: c."),
        ("problem problem problem", "3 problems in 1,000 rows: a, b and c."),
        ("warning problem", "1 problem in 1,000 rows: b. 1 warning: a."),
    ],
)
def test_the_whole_audit_in_one_line(levels: str, said: str) -> None:
    found = [
        sheets.finding(key, level, title=key.upper())
        for key, level in zip("abc", levels.split(), strict=False)
    ]
    assert headline(sheets.report(*found)) == said


def test_names_within_a_sentence() -> None:
    found = [
        sheets.finding("a", "problem", title="PII"),
        sheets.finding("b", "problem", title="Near duplicates"),
        sheets.finding("c", "problem", title="Écarts"),
    ]
    assert headline(sheets.report(*found)).endswith("PII, near duplicates and écarts.")
    assert "in 1 row:" in headline(sheets.report(*found, counts={"rows": 1}))


def test_of_many_that_were_not_measured_six_are_named() -> None:
    def ending(count: int) -> str:
        unknown = [sheets.finding(key, "unknown") for key in sheets.KEYS[1 : 1 + count]]
        return headline(sheets.report(sheets.finding("a", "good"), *unknown)).split(": ")[1]

    six = "duplicates, near duplicates, near instructions, contradictions, wrong answers"
    assert ending(6) == f"{six} and self consistency."
    assert ending(7) == f"{six}, self consistency and contamination."
    assert ending(8) == f"{six}, self consistency and 2 more."


def test_an_unknown_level_is_not_taken_for_good() -> None:
    (grade,) = grades(sheets.report(sheets.finding("a", "excellent")))
    assert grade.level == "unknown"


def test_places_of_an_example() -> None:
    examples = [
        {"places": [1234], "texts": [], "note": ""},
        {"places": [1, 2, 3], "texts": [], "note": "all equal"},
        {"places": ["part-1.jsonl:7"], "texts": [], "note": ""},
        {"places": [], "texts": [], "note": "only a note"},
        {"texts": [["Output", "x"]]},
    ]
    (grade,) = grades(sheets.report(sheets.finding("pii", "note", examples=examples)))
    assert [one.head for one in grade.examples] == [
        "Row 1,234", "Rows 1, 2 and 3, all equal", "Row part-1.jsonl:7", "only a note", "",
    ]  # fmt: skip


def test_how_the_data_was_read_is_a_sentence() -> None:
    read = "a JSON list, 73 rows read as 问题, ответ"
    made = sheets.report(about=read)
    assert source_line(made) == read
    assert source_sentence(made) == "A JSON list, 73 rows read as 问题, ответ."
    assert "A JSON list, 73 rows read as 问题, ответ.</p>" in page.render(made)
    assert "\n\nA JSON list, 73 rows" in markdown.render(made)
