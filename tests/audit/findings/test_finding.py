"""Levels, intervals and examples of findings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from limbeck.audit.findings.finding import (
    BOUNDS,
    TITLES,
    Finding,
    Level,
    cut,
    level_of,
    percent,
    several,
    unknown,
)
from limbeck.wilson import wilson

PAGE = Path(__file__).parents[3] / "docs" / "audit.md"


@pytest.mark.parametrize(
    ("key", "share", "level"),
    [
        ("duplicates", 0.0, "good"),
        ("duplicates", 0.0001, "note"),
        ("duplicates", 0.01, "warning"),
        ("duplicates", 0.0499, "warning"),
        ("duplicates", 0.05, "problem"),
        ("contamination", 0.0, "good"),
        ("contamination", 1e-9, "problem"),
        ("language", 0.01, "good"),
        ("language", 1.0, "warning"),
        ("provenance", 1.0, "note"),
    ],
)
def test_levels_begin_where_the_page_says(key: str, share: float, level: Level) -> None:
    assert level_of(key, share) == level


def test_a_share_of_few_is_a_note_at_most() -> None:
    assert level_of("self_consistency", 1.0, 9) == "note"
    assert level_of("self_consistency", 1.0, 10) == "problem"
    assert level_of("self_consistency", 0.0, 1) == "good"
    assert level_of("unreadable", 0.5, 2) == "problem"
    assert Finding("wrong_answers", 1, 2, says="s.").to_json()["level"] == "note"


def test_a_finding_has_wilsons_interval() -> None:
    found = Finding("duplicates", 3, 200, says="s.", advice="a.").to_json()
    assert (found["share"], found["level"]) == (0.015, "warning")
    assert (found["low"], found["high"]) == wilson(3, 200)
    assert found["title"] == "Duplicates"


def test_what_was_not_measured_has_no_numbers() -> None:
    found = unknown("cost", "there is no ledger").to_json()
    assert (found["level"], found["says"]) == ("unknown", "Not measured: there is no ledger.")
    assert {found[name] for name in ("count", "of", "share", "low", "high")} == {None}
    nothing = Finding("pii", 0, 0, says="0 of 0").to_json()
    assert (nothing["level"], nothing["why"]) == ("unknown", "there is nothing to count it in")


def test_numbers_for_people() -> None:
    assert [percent(*pair) for pair in ((0, 9), (1, 10_000), (1, 8), (3, 3), (0, 0))] == [
        "0.0%",
        "< 0.1%",
        "12.5%",
        "100.0%",
        "none",
    ]
    assert (several(1, "row"), several(1200, "row")) == ("1 row", "1,200 rows")
    assert cut("字" * 2001) == "字" * 2000 + " … [1 more characters]"


def test_the_page_has_every_key_with_its_bounds() -> None:
    """docs/audit.md, section "Every finding": key, definition, and from which share on."""
    section = PAGE.read_text(encoding="utf-8").partition("## Every finding")[2].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| .* \| ([^|]+ \| [^|]+ \| [^|]+) \|$", section, re.M))
    assert list(rows) == list(TITLES)
    for key, (note, warning, problem) in BOUNDS.items():
        said = [cell.strip() for cell in rows[key].split("|")]
        assert said == [_from(note, above=True), _from(warning), _from(problem)], key


def _from(share: float | None, above: bool = False) -> str:
    if share is None:
        return "–"
    if share == 0:
        return "above 0"
    return f"{'above ' * above}{100 * share:g}%"
