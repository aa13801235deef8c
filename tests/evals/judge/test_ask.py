"""Every pair is asked in both orders; what fails or cannot be read is counted and never guessed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import AuthError, BadRequest, Transient
from limbeck.evals.judge.ask import Compared, calls, chosen, compare
from limbeck.testing import FakeTeacher
from tests.evals.judge.judges import Rule, first_one, judge, longer, named, shown

PROMPTS = ["Name a sea.", "写一首诗", "Add 1 and 1.", "قل مرحبا"]
TEXTS: dict[str, list[str | None]] = {
    "student": ["North Sea 🌊", "海", "2", "أهلاً"],
    "base": ["sea", "大海大海", "2", None],
    "teacher": ["the North Sea", "海\n\n蓝", "", "مرحبا"],
}


def compared(
    teacher: FakeTeacher, against: Sequence[str] = ("base", "teacher"), **more: Any
) -> list[Compared]:
    asking = compare(
        more.pop("prompts", PROMPTS),
        more.pop("texts", TEXTS),
        against,
        teacher,
        places=more.pop("places", range(len(PROMPTS))),
        max_tokens=9,
        width=3,
        **more,
    )
    return asyncio.run(asking)


def test_every_pair_is_asked_in_both_orders_once() -> None:
    done: list[int] = []
    teacher = judge(longer)
    base, _ = compared(teacher, on_done=done.append)
    assert [shown(request) for request in teacher.asked[:2]] == [
        ("Name a sea.", "North Sea 🌊", "sea"),
        ("Name a sea.", "sea", "North Sea 🌊"),
    ]
    assert len(teacher.asked) == len(done) == calls(TEXTS, ("base", "teacher"), range(4)) == 14
    assert len({request.messages for request in teacher.asked}) == 13, "two equal answers are one"
    assert {request.temperature for request in teacher.asked} == {0.0}
    assert {request.max_tokens for request in teacher.asked} == {9}
    assert base.to_json() == {
        "one": "student",
        "other": "base",
        "rows": [
            {
                "place": 0,
                "one": {"length": 11, "headers": 0, "bold": 0, "lists": 0},
                "other": {"length": 3, "headers": 0, "bold": 0, "lists": 0},
                "verdicts": ["one", "one"],
            },
            {
                "place": 1,
                "one": {"length": 1, "headers": 0, "bold": 0, "lists": 0},
                "other": {"length": 4, "headers": 0, "bold": 0, "lists": 0},
                "verdicts": ["other", "other"],
            },
            {
                "place": 2,
                "one": {"length": 1, "headers": 0, "bold": 0, "lists": 0},
                "other": {"length": 1, "headers": 0, "bold": 0, "lists": 0},
                "verdicts": ["tie", "tie"],
            },
        ],
    }


@pytest.mark.parametrize(
    ("rule", "verdicts"),
    [
        (first_one, [["one", "other"], ["one", "other"], ["one", "other"], ["one", "other"]]),
        (named("Sea"), [["tie", "tie"]] * 4),
        (named("海"), [["tie", "tie"]] * 4),
        (named("the"), [["other", "other"], *[["tie", "tie"]] * 3]),
        (lambda asked, a, b: "Hm.", [[None, None]] * 4),
        (
            lambda asked, a, b: "A" if b == "the North Sea" else "Both",
            [["one", None], *[[None, None]] * 3],
        ),
    ],
)
def test_verdicts_are_those_of_the_answers_and_not_of_their_letters(
    rule: Rule, verdicts: list[list[str | None]]
) -> None:
    [found] = compared(judge(rule), ("teacher",))
    assert list(found.verdicts.values()) == verdicts


def test_a_failed_call_is_written_down_and_the_others_go_on() -> None:
    def fail(request: Any) -> Exception | None:
        if shown(request)[1] == "sea":
            return BadRequest("too long")
        return Transient("gone") if shown(request)[0] == "写一首诗" else None

    base, teacher = compared(judge(longer, fail))
    assert base.failed == {0: "bad_request: too long", 1: "transient: gone"}
    assert [row.get("failed") for row in base.to_json()["rows"]] == [*base.failed.values(), None]
    assert "verdicts" not in base.to_json()["rows"][0]
    assert teacher.failed == {1: "transient: gone"}
    assert teacher.verdicts[0] == ["other", "other"]


def test_what_stops_the_run_stops_it() -> None:
    with pytest.raises(AuthError):
        compared(judge(longer, lambda request: AuthError("no")))


def test_roles_and_answers_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(ValueError, match="no answers of 'teacher_again' to judge"):
        compared(judge(longer), ("teacher_again",))
    with pytest.raises(ValueError, match="4 prompts have 1 answers of base"):
        compared(judge(longer), texts=TEXTS | {"base": ["x"]})


def test_only_the_chosen_prompts_are_asked() -> None:
    teacher = judge(longer)
    [found] = compared(teacher, ("base",), places=[1, 3])
    assert list(found.verdicts) == [1]
    assert len(teacher.asked) == 2


@given(st.lists(st.text(), max_size=12), st.integers(1, 14), st.integers(0, 3))
@settings(deadline=None)
def test_a_limit_draws_places_without_regard_to_the_answers(
    prompts: list[str], limit: int, seed: int
) -> None:
    places = chosen(prompts, limit, seed)
    assert places == sorted(set(places))
    assert len(places) == min(limit, len(prompts))
    assert set(places) <= set(chosen(prompts, limit + 1, seed))
    assert chosen(prompts, None, seed) == list(range(len(prompts)))


def test_a_limit_is_not_the_first_ones() -> None:
    prompts = [f"prompt {number}" for number in range(100)]
    drawn = [chosen(prompts, 10, seed) for seed in range(2)]
    assert drawn[0] != drawn[1]
    assert all(places != list(range(10)) for places in drawn)
