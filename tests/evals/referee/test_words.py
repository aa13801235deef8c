"""What is said of a referee: no scores without their flip rate, and nothing that is not known."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.evals.referee.ask import Scored
from limbeck.evals.referee.summary import summary
from limbeck.evals.referee.words import doubts, finding, unsure


def interval(*ends: float | None) -> dict[str, Any]:
    return dict(zip(("value", "low", "high"), ends or (None, None, None), strict=True))


def found(**changed: Any) -> dict[str, Any]:
    return {
        "n": 1112,
        "unparsed": 0,
        "failed": 0,
        "asked_again": 5,
        "flip_rate": interval(0.2, 0.1, 0.35),
        "tie_rate": interval(0.1, 0.04, 0.2),
        "first_place": interval(0.1, -0.05, 0.25),
        "teacher": interval(8.0, 7.6, 8.4),
        "student": interval(6.5, 6.1, 6.9),
        "relative": interval(0.8125, 0.76, 0.86),
    } | changed


def test_a_finding_in_plain_words() -> None:
    assert finding(found(), "openai:裁判", role="the student") == (
        "on 1,112 prompts openai:裁判 gives the student 81.2% [76.0%, 86.0%] of the teacher's "
        "points, measurably less (6.50 [6.10, 6.90] against 8.00 [7.60, 8.40] of 10)"
    )
    told = finding(found(n=1), None, role="the base", prompts="held-out prompt")
    assert told.startswith("on 1 held-out prompt the referee gives the base 81.2%")
    assert doubts(found()) == []


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((0.8, 0.7, 0.9), "points, measurably less ("),
        ((1.2, 1.1, 1.3), "points, measurably more ("),
        ((0.9, 0.8, 1.0), "points, which is no measurable difference ("),
        ((0.9, None, None), "points, too few to tell them apart ("),
    ],
)
def test_more_or_less_is_said_where_it_is_measurable(ends: Any, said: str) -> None:
    assert said in finding(found(relative=interval(*ends)), "x", role="y")


def test_a_flip_rate_like_a_coins_is_said_to_be_one() -> None:
    assert unsure(found(flip_rate=interval(0.4, 0.3, 0.5))) == (
        "the order of the two answers changed who was better on 40.0% [30.0%, 50.0%] of the "
        "pairs, which is not measurably below a coin's half: its points say little."
    )
    assert unsure(found(flip_rate=interval(0.4, 0.3, 0.499))) == ""


def test_a_referee_that_ties_on_most_pairs_is_said_to_know_nothing() -> None:
    rows = [Scored(str(n), [(8, 8), (3, 3)]) for n in range(9)] + [Scored("好", [(8, 7), (7, 8)])]
    made = summary(rows)
    assert made["flip_rate"]["value"] == 0.1  # looks good, and means nothing
    assert doubts(made)[0] == unsure(made)
    assert unsure(made) == (
        "the referee gave both answers the same points, in either order, on 90.0% [59.6%, 98.2%] "
        "of the pairs: it cannot tell these answers apart, and its hard share, its share of the "
        "teacher's points and a low flip rate say nothing, since ties are easy, equal, and never "
        "flip."
    )


def test_no_more_is_said_of_ties_than_their_interval_shows() -> None:
    made = unsure(found(tie_rate=interval(0.6, 0.5, 0.7)))
    assert "it may not tell these answers apart" in made
    assert "a low flip rate say little" in made
    assert unsure(found(tie_rate=interval(0.5, 0.4, 0.6))) == ""
    assert unsure({"flip_rate": interval(0.1, 0.05, 0.2)}) == ""  # a summary of before


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
    text = " ".join(doubts(found(first_place=interval(*ends))))
    assert said in text
    assert ("favours" in text) == bool(said)


@pytest.mark.parametrize("scores", [(1.1, 5.2), (4.1, 3.1), (9.7, 8.8)])
def test_a_place_that_changes_nothing_is_not_favoured(scores: tuple[float, float]) -> None:
    rows = [Scored(str(number), [scores, scores]) for number in range(12)]
    assert doubts(summary(rows)) == []


def test_what_is_left_out_is_counted() -> None:
    assert doubts(found(unparsed=2, failed=1)) == [
        "3 pairs are left out: 2 with a review that could not be read in two tries, 1 with a call "
        "that had no reply."
    ]
    assert doubts(found(failed=1)) == ["1 pair is left out: 1 with a call that had no reply."]


def test_no_scores_are_said_to_be_none() -> None:
    made = summary([Scored("1", [None, None], asked_again=2)])
    assert finding(made, "", role="y") == (
        "the referee gave no scores on the prompts that could be used"
    )
    assert doubts(made) == [
        "1 pair is left out: 1 with a review that could not be read in two tries."
    ]


def test_a_hostile_name_is_visible() -> None:
    shown = finding(found(), "<b>|*x*\n\x1b[31m\u202e", role="y")
    assert "gives y" in shown
    assert not {"\n", "\x1b", "\u202e"} & set(shown)
