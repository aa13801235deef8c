"""Record filter `paths`: near copies, the cap, the band, and that questions stand alone."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.errors import RecipeError
from limbeck.filters.paths import Paths
from limbeck.protocols import Filter
from limbeck.record import Message, Provenance, Record, user
from limbeck.registry import build

LONG = "First we add two and three which makes five then we double it and get ten"


def path(question: str, rationale: str, index: int = 0, **meta: Any) -> Record:
    made = Provenance("test", index=index)
    return Record((user(question),), "x", made, meta={"rationale": rationale, **meta})


def test_a_near_copy_is_refused_within_its_question_only() -> None:
    rows = [
        path("Q1", LONG),
        path("Q1", f"{LONG}.", 1),
        path("Q1", "Ten, since five doubled is ten", 2),
        path("Q2", LONG, 3),
    ]
    verdicts = Paths().judge(rows)
    assert [v.keep for v in verdicts] == [True, False, True, True]
    assert (verdicts[1].reason, verdicts[1].score, verdicts[1].nearest) == (
        "similar",
        1.0,
        rows[0].id,
    )
    assert [v.record for v in verdicts] == [r.id for r in rows]
    assert isinstance(Paths(), Filter)
    assert [v.keep for v in Paths(similar=1).judge(rows)] == [True] * 4


def test_chinese_rationales_are_compared_too() -> None:
    rows = [path("问", "先加二和三得到五，再乘以二得到十。", n) for n in range(2)]
    assert [v.keep for v in Paths().judge(rows)] == [True, False]


def test_at_most_so_many_of_a_question_stay_and_copies_do_not_count() -> None:
    texts = [LONG, LONG, "Another way entirely: count up on fingers", "A third", "A fourth one 🙂"]
    rows = [path(q, text, n) for q in ("a", "b") for n, text in enumerate(texts)]
    verdicts = Paths(at_most=2).judge(rows)
    assert [v.keep for v in verdicts] == [True, False, True, False, False] * 2
    assert [v.reason for v in verdicts] == ["", "similar", "", "over", "over"] * 2


def test_the_band_takes_whole_questions_and_its_edges_stay() -> None:
    rows = [path(f"Q{rate}", LONG, pass_rate=rate) for rate in (0.0, 0.1, 0.5, 0.9, 1)]
    rows.append(path("none", LONG))
    verdicts = Paths(band=(0.1, 0.9)).judge(rows)
    assert [v.keep for v in verdicts] == [False, True, True, True, False, True]
    assert [(v.reason, v.score) for v in verdicts if not v.keep] == [
        ("pass_rate", 0.0),
        ("pass_rate", 1.0),
    ]


def test_rows_without_a_rationale_are_compared_by_their_completion() -> None:
    rows = [Record((user("q"),), LONG, Provenance("t", index=n)) for n in range(2)]
    assert [v.keep for v in Paths().judge(rows)] == [True, False]


@pytest.mark.parametrize("band", [[0.9, 0.1], [-0.1, 1], [0, 1.1]])
def test_a_band_that_is_none_is_told(band: list[float]) -> None:
    with pytest.raises(RecipeError, match="band must be two shares"):
        build("filters", "paths", {"band": band})


def test_what_is_over_is_no_text_to_be_near_to() -> None:
    rows = [path("q", text, n) for n, text in enumerate((LONG, "A second", "A second", "A third"))]
    verdicts = Paths(at_most=1).judge(rows)
    assert [verdict.reason for verdict in verdicts] == ["", "over", "over", "over"]


def test_questions_that_look_alike_stand_alone() -> None:
    def asked(question: str, *before: Message, parent: str) -> Record:
        made = Provenance("t", parents=(parent,))
        return Record((*before, user(question)), "x", made, meta={"rationale": LONG})

    rows = [
        asked("What is 2²?", parent="a"),
        asked("What is 22?", parent="a"),
        asked("What is 22?", Message("system", "In km."), parent="a"),
        asked("What is 22?", Message("system", "In miles."), parent="a"),
        asked("What is 22?", Message("system", "In miles."), parent="b"),
        asked("What is 22?", Message("system", "In miles."), parent="b"),
    ]
    assert [v.keep for v in Paths().judge(rows)] == [True] * 5 + [False]
    assert [v.keep for v in Paths(at_most=1, similar=1).judge(rows)] == [True] * 5 + [False]
