"""What is said of a referee: no scores without their flip rate, and nothing that is not known."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.evals.pages.markdown import escape
from limbeck.evals.referee.ask import Scored
from limbeck.evals.referee.summary import summary
from limbeck.evals.referee.words import finding, notes


def interval(*ends: float | None) -> dict[str, Any]:
    return dict(zip(("value", "low", "high"), ends or (None, None, None), strict=True))


def found(**changed: Any) -> dict[str, Any]:
    return {
        "n": 1112,
        "unparsed": 0,
        "failed": 0,
        "asked_again": 5,
        "flip_rate": interval(0.2, 0.1, 0.35),
        "first_place": interval(0.1, -0.05, 0.25),
        "teacher": interval(8.0, 7.6, 8.4),
        "student": interval(6.5, 6.1, 6.9),
        "relative": interval(0.8125, 0.76, 0.86),
    } | changed


def test_a_finding_in_plain_words() -> None:
    assert finding(found(), "openai:裁判") == (
        "openai:裁判 scores the student 6.50 [6.10, 6.90] of 10 and the teacher 8.00 [7.60, 8.40], "
        "on 1,112 prompts: 81.2% [76.0%, 86.0%] of the teacher's score, measurably less; the order "
        "of the two answers changed who was better on 20.0% [10.0%, 35.0%] of them."
    )
    assert "scores the base 6.50" in finding(found(), "x", role="base")
    assert "on 1 prompt:" in finding(found(n=1), "x")


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((0.8, 0.7, 0.9), "score, measurably less;"),
        ((1.2, 1.1, 1.3), "score, measurably more;"),
        ((0.9, 0.8, 1.0), "score, which is no measurable difference;"),
        ((0.9, None, None), "score, too few to tell them apart;"),
    ],
)
def test_more_or_less_is_said_where_it_is_measurable(ends: Any, said: str) -> None:
    assert said in finding(found(relative=interval(*ends)), "x")


def test_a_flip_rate_like_a_coins_is_said_to_be_one() -> None:
    coin = "not measurably below a coin's half"
    assert coin in finding(found(flip_rate=interval(0.4, 0.3, 0.5)), "x")
    assert coin not in finding(found(flip_rate=interval(0.4, 0.3, 0.499)), "x")


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((0.31, 0.05, 0.57), "stands first (first less second place: +0.31 [+0.05, +0.57] points)"),
        ((-0.3, -0.5, -0.1), "stands second (first less second place: −0.30 [−0.50, −0.10] points"),
        ((0.3, None, None), ""),
        ((0.3, 0.0, 0.6), ""),
    ],
)
def test_a_favoured_place_is_said_where_it_is_measurable(ends: Any, said: str) -> None:
    text = finding(found(first_place=interval(*ends)), "x")
    assert said in text
    assert ("It favours" in text) == bool(said)


@pytest.mark.parametrize("scores", [(1.1, 5.2), (4.1, 3.1), (9.7, 8.8)])
def test_a_place_that_changes_nothing_is_not_favoured(scores: tuple[float, float]) -> None:
    rows = [Scored(str(number), [scores, scores]) for number in range(3)]
    assert "It favours" not in finding(summary(rows), "x")


def test_what_is_left_out_is_counted() -> None:
    text = finding(found(unparsed=2, failed=1), "x")
    assert text.endswith(
        "3 pairs are left out: 2 with a review that could not be read in two tries, 1 with a call "
        "that had no reply."
    )
    assert finding(found(failed=1), "x").endswith(
        "1 pair is left out: 1 with a call that had no reply."
    )


def test_no_scores_are_said_to_be_none() -> None:
    text = finding(summary([Scored("1", [None, None], asked_again=2)]), "")
    assert text == (
        "the referee gave no scores that could be used. 1 pair is left out: 1 with a review that "
        "could not be read in two tries."
    )


def test_a_hostile_name_is_escaped() -> None:
    name = "<b>|*x*\n\x1b[31m"
    shown = finding(found(), name, escape=escape)
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert "<b>" not in shown
    assert "\x1b" not in finding(found(), name)


def test_notes_say_what_a_score_is_worth() -> None:
    told = notes("openai:a", "openai:b")
    assert "no measure of ability" in told[0]
    assert "94% of its teacher's score by a judge, and 56%" in told[0]
    assert "is in no mean" in " ".join(told)
    assert not any("teacher itself" in line for line in told)


def test_a_teacher_that_is_its_own_referee_is_named_one() -> None:
    assert "the teacher itself, and may favour what is like its own" in notes("m", "m")[1]
    assert not any("teacher itself" in line for line in notes("", ""))
