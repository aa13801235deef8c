"""Pairs of answers: hard or easy, what a summary counts, and what the next phase reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from limbeck.errors import DataError
from limbeck.pipeline.iterate.pairs import (
    PAIRS,
    Difficulty,
    Pair,
    read_pairs,
    summary,
    transcript,
)
from limbeck.record import Message, Provenance, Record, user
from limbeck.store import read_jsonl, write_jsonl

SEA = Record((user("海有多深？🌊"),), "", Provenance("seed"), id="sea")


def pair(
    teacher: float | None, student: float | None, by: str | None = "target", why: str = ""
) -> Pair:
    return Pair(SEA, by, "t", "s", teacher, student, None, why)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("teacher", "student", "tau", "kind", "gap"),
    [
        (4.1, 3.1, 1.0, "hard", 1.0),  # as floats 4.1 - 3.1 is 0.9999999999999996
        (8.0, 7.25, 1.0, "easy", 0.75),
        (7.0, 7.0, 1.0, "easy", 0.0),
        (2.0, 9.0, 1.0, "easy", -7.0),
        (10.0, 1.0, 9.0, "hard", 9.0),
        (10.0, 1.5, 9.0, "easy", 8.5),
        (None, None, 1.0, "excluded", None),
        (9.0, None, 1.0, "excluded", None),
    ],
)
def test_hard_is_what_the_teacher_does_better_by_tau(
    teacher: float | None, student: float | None, tau: float, kind: str, gap: float | None
) -> None:
    one = pair(teacher, student)
    assert (one.kind(tau), one.gap) == (kind, gap)


def test_a_summary_counts_what_was_scored_and_keeps_out_what_was_not() -> None:
    pairs = [
        pair(10, 1),  # the teacher alone
        pair(7, 1),  # two of three paths are right: the teacher alone
        pair(4, 10),  # one of three: the student alone
        pair(10, 10),
        pair(5.5, 1),  # half of the teacher's answers: not more than half
        pair(8, 6.5, "referee"),
        pair(8, 8, "referee"),
        pair(None, None, None, "no target and no referee"),
        pair(None, None, "referee", "unread"),
        pair(None, None, "referee", "unread"),
    ]
    found = summary(pairs, cache=40, tau=1.0, referee={"n": 2})
    share = found.pop("hard_share")
    assert found == {
        "sampled": 10,
        "cache": 40,
        "by": {"target": 5, "referee": 2},
        "hard": 4,
        "easy": 3,
        "excluded": {"unread": 2, "no target and no referee": 1},
        "both_right": 1,
        "teacher_only": 2,
        "student_only": 1,
        "neither": 1,
        "referee": {"n": 2},
        "tau": 1.0,
    }
    # (4 + z²/2) / (7 + z²) and its half-width, by hand with z² = 3.841459.
    assert share["value"] == pytest.approx(4 / 7)
    assert (share["low"], share["high"]) == pytest.approx((0.2505, 0.8418), abs=2e-4)


def test_questions_of_one_template_are_hard_together_and_the_interval_says_so() -> None:
    """Five questions a template, hard in one template of four: as four questions, not as twenty."""
    pairs = [
        replace(pair(10, 1 if n < 5 else 10), seed=replace(SEA, meta={"template": f"题{n // 5}"}))
        for n in range(20)
    ]
    alone = summary(
        [pair(10, 1 if n < 5 else 10) for n in range(20)], cache=20, tau=1, referee=None
    )
    found = summary(pairs, cache=20, tau=1, referee=None)["hard_share"]
    assert found["value"] == alone["hard_share"]["value"] == 0.25
    assert alone["hard_share"]["high"] < 0.5
    assert found["high"] > 0.8


def test_a_summary_of_nothing_scored_has_no_share_and_nobody_right() -> None:
    found = summary([pair(None, None, None, "no target")], cache=1, tau=1, referee=None)
    assert found["hard_share"] == {"value": None, "low": 0.0, "high": 1.0}
    rights = ("both_right", "teacher_only", "student_only", "neither")
    assert [found[name] for name in rights] == [None] * 4
    assert found["by"] == {"target": 0, "referee": 0}


def test_the_next_phase_reads_what_was_scored(tmp_path: Path) -> None:
    orders = ((9.0, 3.0), (8.0, 4.0))
    pairs = [
        Pair(SEA, "referee", "深", "🌊", 8.5, 3.5, orders),
        pair(None, None, None, "no target"),
        pair(1.0, 10.0),
    ]
    write_jsonl(tmp_path / PAIRS, (one.to_json(1.0) for one in pairs))
    rows = [row for _, row in read_jsonl(tmp_path / PAIRS)]
    assert rows[0] == {
        "seed": "sea",
        "prompt": "海有多深？🌊",
        "by": "referee",
        "teacher": "深",
        "student": "🌊",
        "teacher_score": 8.5,
        "student_score": 3.5,
        "gap": 5.0,
        "kind": "hard",
        "why": "",
        "orders": [[9.0, 3.0], [8.0, 4.0]],
    }
    assert (rows[1]["kind"], rows[1]["why"], rows[1]["orders"]) == ("excluded", "no target", None)
    assert read_pairs(tmp_path) == [
        Difficulty("sea", "hard", 5.0),
        Difficulty("sea", "easy", -9.0),
    ]


def test_a_review_that_could_not_be_read_is_null(tmp_path: Path) -> None:
    row = Pair(SEA, "referee", "t", "s", orders=(None, (8.0, 4.0)), why="unread").to_json(1.0)
    assert row["orders"] == [None, [8.0, 4.0]]


@pytest.mark.parametrize(
    "row",
    [
        {"seed": "a", "kind": "hard"},
        {"seed": "a", "kind": "harder", "gap": 1},
        {"seed": "a", "kind": "easy", "gap": None},
    ],
)
def test_what_limbeck_did_not_write_is_named_by_its_line(tmp_path: Path, row: object) -> None:
    write_jsonl(tmp_path / PAIRS, [pair(10, 1).to_json(1), row])  # type: ignore[list-item]
    with pytest.raises(DataError, match=r"pairs\.jsonl, line 2: not a pair"):
        read_pairs(tmp_path)


def test_a_chat_of_several_turns_is_shown_whole() -> None:
    assert transcript(SEA) == "海有多深？🌊"
    chat = (Message("system", "Sei kurz."), user("Привет"), Message("assistant", "嗨"), user("🌊?"))
    shown = transcript(Record(chat, "", Provenance("seed")))
    assert shown == "System: Sei kurz.\n\nUser: Привет\n\nAssistant: 嗨\n\nUser: 🌊?"
