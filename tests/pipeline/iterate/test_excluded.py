"""What discrimination leaves out: who cannot be scored, lost answers, reviews that say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from limbeck.errors import BadRequest, Transient
from limbeck.protocols import Reply, Request
from tests.pipeline.iterate.adding import EXACT, OPEN, adding, do, number, rows, sums
from tests.pipeline.iterate.cast import SCORES, Cast, is_first, scores


@pytest.fixture
def cast(tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    return adding(tmp_path, tiny_folder, monkeypatch)


def test_who_cannot_be_scored_is_not_asked(cast: Cast) -> None:
    context = cast.context("a")
    found = do(context, [*EXACT, *OPEN], referee=None)
    assert (cast.asked, found["referee"]) == ((6, 6, 0), None)
    assert found["excluded"] == {"no target and no referee": 6}
    found = do(context, [*EXACT, *OPEN], by="target", referee=None)
    assert (cast.asked, found["excluded"]) == ((6, 6, 0), {"no target": 6})


def test_without_a_whole_answer_of_the_teacher_nobody_is_compared(cast: Cast) -> None:
    lost: dict[int, Reply | Exception] = {
        0: Reply("Teacher: the answer is", "length"),
        1: Reply("", "content_filter"),
        2: Reply("  "),
        3: Reply("I'm sorry, but I can't help with that."),
        4: Transient("broken"),
    }
    cast.teacher.rule = lambda request: lost.get(number(request)) or sums(request)
    context = cast.context("a")
    found = do(context, OPEN)
    assert cast.asked == (6, 1, 2)
    assert found["excluded"] == {
        "the teacher gave no whole answer (refused)": 2,
        "the teacher gave no whole answer (empty)": 1,
        "the teacher gave no whole answer (transient)": 1,
        "the teacher gave no whole answer (truncated)": 1,
    }
    assert (found["hard"], found["easy"]) == (1, 0)
    cast.teacher.rule = sums
    again = do(context, OPEN)  # a call that failed is made again, a bad answer stands
    assert cast.asked == (7, 2, 4)
    assert sum(again["excluded"].values()) == 4


def test_reviews_that_cannot_be_read_are_excluded_and_never_averaged_in(cast: Cast) -> None:
    def mute(request: Request) -> str | Reply | Exception:
        if "n° 1?" in request.messages[-1].content and is_first(request):
            return "Both are fine."
        return scores(9, 8.5)(request)

    cast.referee.rule = mute
    context = cast.context("a")
    found = do(context, OPEN)
    assert cast.asked[2] == 13  # asked once more
    assert found["excluded"] == {"the referee's review could not be read": 1}
    assert (found["hard"], found["easy"], found["by"]["referee"]) == (0, 5, 5)
    odd = rows(context)[1]
    assert (odd["kind"], odd["gap"], odd["orders"]) == ("excluded", None, [None, [9, 8.5]])
    do(context, OPEN)
    assert cast.asked[2] == 13


def test_a_referees_failed_call_is_made_again_by_the_next_run(cast: Cast) -> None:
    def breaks(request: Request) -> str | Exception:
        is_bad = "n° 2?" in request.messages[-1].content and is_first(request)
        return Transient("broken") if is_bad else SCORES.format(7, 7)

    cast.referee.rule = breaks
    context = cast.context("a")
    found = do(context, OPEN)
    assert found["excluded"] == {"the referee gave no review (transient)": 1}
    done = context.run.done("discriminate")
    assert done is not None
    assert (done.counts["failures"], done.counts["hopeless"], done.is_whole) == (1, 0, False)
    asked = cast.asked[2]
    cast.referee.rule = scores(7, 7)
    assert do(context, OPEN)["excluded"] == {}
    assert cast.asked[2] == asked + 1
    asked = cast.asked[2]
    do(context, OPEN)
    assert cast.asked[2] == asked


def test_a_hopeless_call_is_not_made_again(cast: Cast) -> None:
    cast.teacher.rule = lambda request: BadRequest("no") if number(request) == 2 else sums(request)
    context = cast.context("a")
    found = do(context, EXACT)
    assert found["excluded"] == {"the teacher gave no whole answer (bad_request)": 1}
    done = context.run.done("discriminate")
    assert done is not None
    assert done.is_whole
    asked = cast.asked
    assert do(context, EXACT) == found
    assert cast.asked == asked
