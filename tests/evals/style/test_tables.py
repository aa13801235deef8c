"""The tables of the style section, and hostile names in them."""

from __future__ import annotations

import pytest

from limbeck.evals.pages.markdown import escape
from limbeck.evals.style.tables import features, outcomes, tables, told_apart
from limbeck.evals.style.words import NO_GAP
from tests.evals.style.made import section


def test_features_that_somebody_shows_have_a_row() -> None:
    table = features(section())
    assert table.head == ("Feature", "Base", "Student", "Teacher", "Second sample", "Closed")
    assert table.rows[0] == (
        ("lists", ""),
        (("12.0%", ""), ("67.0%", ""), ("81.0%", ""), ("83.0%", ""), ("96% [80%, 110%]", "")),
    )
    name, cells = table.rows[1]
    assert name == ("word overlap", "")
    assert (cells[2], cells[4]) == (("–", ""), (NO_GAP, ""))
    assert len(table.rows) == 2  # nobody writes tables


def test_a_unit_that_is_no_share_stands_beside_the_name() -> None:
    entry = section()["features"][0] | {"name": "length", "unit": "words", "base": 41.26}
    (name, cells), *_ = features(section(features=[entry])).rows
    assert name == ("length", "words")
    assert cells[0] == ("41.26", "")


def test_how_far_a_classifier_gets() -> None:
    assert told_apart(section()).rows == (
        (
            ("AUC", ""),
            (("0.97 [0.95, 0.99]", ""), ("0.74 [0.66, 0.81]", ""), ("0.51 [0.44, 0.58]", "")),
        ),
    )
    assert told_apart(section(auc=dict.fromkeys(("base", "student")))).rows == ()


def test_how_answers_ended_without_ends_that_nobody_had() -> None:
    table = outcomes(section())
    assert table.head == ("Answers", "Complete", "Truncated", "Refused", "Empty")
    assert table.rows[0] == (("Base", ""), (("90", ""), ("5", ""), ("4", ""), ("1", "")))


@pytest.mark.parametrize("found", [{}, {"features": None, "auc": None, "outcomes": None}])
def test_nothing_measured_makes_no_table(found: dict[str, object]) -> None:
    assert tables(found) == []


def test_names_from_a_file_cannot_break_out() -> None:
    entry = section()["features"][0] | {"name": "a|b\n<i>\x1b", "unit": "`x`|"}
    (name, unit), _ = features(section(features=[entry]), escape).rows[0]
    assert "\n" not in name
    assert "\x1b" not in name
    assert "<" not in name
    assert r"\|" in name
    assert r"\|" in unit
