"""Discrimination in a round: what is asked, scored and written, and what a second run asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from limbeck.errors import Interrupted, StageError, Transient
from limbeck.ledger import Ledger
from limbeck.pipeline.iterate.discriminate import SUMMARY, discriminate
from limbeck.pipeline.iterate.pairs import PAIRS, read_pairs
from limbeck.pipeline.output import REPLIES
from limbeck.protocols import Reply, Request
from limbeck.store import read_json, read_jsonl
from tests.pipeline.iterate.adding import (
    EXACT,
    OPEN,
    adding,
    do,
    files,
    number,
    rows,
    section,
    sums,
)
from tests.pipeline.iterate.cast import Cast, pool


@pytest.fixture
def cast(tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    return adding(tmp_path, tiny_folder, monkeypatch)


def test_targets_and_the_referee_share_the_pool(cast: Cast) -> None:
    context = cast.context("a")
    found = do(context, [*EXACT, *OPEN])
    assert cast.asked == (12, 12, 12)
    assert found["by"] == {"target": 6, "referee": 6}
    assert (found["both_right"], found["teacher_only"], found["neither"]) == (3, 3, 0)
    assert (found["hard"], found["easy"], found["excluded"]) == (9, 3, {})
    assert (found["sampled"], found["cache"], found["referee"]["n"]) == (12, 12, 6)
    made = rows(context)
    assert [row["seed"] for row in made] == [seed.id for seed in [*EXACT, *OPEN]]
    assert [row["gap"] for row in made] == [0, 9, 0, 9, 0, 9] + [5] * 6
    assert (made[6]["prompt"], made[6]["by"]) == ("第0个问题 – أهلاً n° 0? 🌊", "referee")
    assert made[6]["orders"] == [[9, 4], [9, 4]]
    assert (made[1]["teacher"], made[1]["student"]) == (
        "Teacher: the answer is 2.",
        "student: the answer is 101.",
    )
    assert [one.kind for one in read_pairs(context.run.folder("discriminate"))][:2] == [
        "easy",
        "hard",
    ]
    assert read_json(context.run.folder("discriminate") / SUMMARY) == found


def test_what_was_paid_is_written_down_in_order(cast: Cast) -> None:
    context = cast.context("a")
    do(context, [*EXACT, *OPEN])
    paid = [row for _, row in read_jsonl(context.run.folder("discriminate") / REPLIES)]
    assert [row["who"] for row in paid] == ["teacher"] * 12 + ["referee"] * 12
    assert all(row["key"] and row["prompt_tokens"] and row["completion_tokens"] for row in paid)
    assert len({row["key"] for row in paid}) == 24
    with Ledger(context.ledger) as ledger:
        assert all(ledger.get(row["key"]) for row in paid)
        [teacher], [referee] = ledger.spent(context.run.id), ledger.spent("l")
    for spent, who in ((teacher, "teacher"), (referee, "referee")):
        own = [row for row in paid if row["who"] == who]
        assert spent.usage.prompt_tokens == sum(row["prompt_tokens"] for row in own)
        assert spent.usage.completion_tokens == sum(row["completion_tokens"] for row in own)


def test_neither_width_nor_the_order_of_replies_changes_a_byte(cast: Cast) -> None:
    one = cast.context("one", width=1)
    do(one, [*EXACT, *OPEN])
    assert cast.student is not None
    cast.teacher.is_slow = cast.student.is_slow = cast.referee.is_slow = True
    many = cast.context("many", width=16)
    do(many, [*EXACT, *OPEN], referee={"model": "fake:referee", "concurrency": 16})
    assert cast.asked == (24, 24, 24)
    assert files(many) == files(one)


def test_a_second_run_asks_nothing_and_leaves_the_folder(cast: Cast) -> None:
    context = cast.context("a")
    first = do(context, [*EXACT, *OPEN])
    marker = context.run.folder("discriminate") / "done.json"
    before, asked = marker.stat().st_mtime_ns, cast.asked
    assert do(context, [*EXACT, *OPEN]) == first
    assert (cast.asked, marker.stat().st_mtime_ns) == (asked, before)
    whole = files(context)
    marker.unlink()  # killed just before the end
    assert do(context, [*EXACT, *OPEN]) == first
    assert cast.asked == asked
    assert files(context) == whole


def test_other_inputs_are_done_again_from_what_was_answered(cast: Cast) -> None:
    context = cast.context("a")
    do(context, [*EXACT, *OPEN])
    found = do(context, [*EXACT, *OPEN], tau=6)
    assert (found["hard"], found["tau"], cast.asked) == (3, 6.0, (12, 12, 12))
    assert do(context, EXACT)["sampled"] == 6
    assert cast.asked == (12, 12, 12)
    assert do(context, EXACT, by="referee")["by"] == {"target": 0, "referee": 6}
    assert cast.asked == (12, 12, 24)


@pytest.mark.parametrize("who", ["teacher", "student", "referee"])
def test_a_run_that_stops_half_way_goes_on_without_a_repeated_call(cast: Cast, who: str) -> None:
    whole = cast.context("whole")
    do(whole, [*EXACT, *OPEN])
    before = cast.asked
    player = getattr(cast, who)
    stopped = cast.context("stopped", width=3)
    player.stop_after = len(player.asked) + 5
    with pytest.raises(Interrupted):
        do(stopped, [*EXACT, *OPEN])
    assert not (stopped.run.folder("discriminate") / "done.json").exists()
    assert not (stopped.run.folder("discriminate") / PAIRS).exists()
    player.stop_after = None
    do(stopped, [*EXACT, *OPEN])
    assert cast.asked == tuple(2 * count for count in before)
    assert files(stopped) == files(whole)


def test_several_paths_count_where_they_are_whole(cast: Cast) -> None:
    def rule(request: Request) -> Reply | str:
        if request.index == 0:
            return Reply("Teacher: the answer is", "length")
        return sums(request) if request.index < 3 else "Teacher: the answer is 77."

    cast.teacher.rule = rule
    context = cast.context("a", generate={"paths": 4, "max_tokens": 16})
    do(context, EXACT[1:2], by="target", referee=None)
    [row] = rows(context)
    assert (row["teacher_score"], row["student_score"]) == (7.0, 1.0)  # two of three; 1 + 9 * 2/3
    assert row["teacher"] == "Teacher: the answer is 2."  # the first whole one
    assert cast.asked[0] == 4


def test_an_empty_or_cut_off_answer_of_the_student_is_its_answer(cast: Cast) -> None:
    assert cast.student is not None
    said: dict[int, str | Reply] = {
        0: "",
        1: Reply("it could be 2", "length"),
        2: Reply("The answer is 4.\nBut", "length"),
    }
    cast.student.rule = lambda request: said.get(number(request), "student: ")
    context = cast.context("a")
    do(context, EXACT[:3], by="target", referee=None)
    assert [row["student_score"] for row in rows(context)] == [1, 1, 10]
    assert [row["student"] for row in rows(context)] == [
        "",
        "it could be 2",
        "The answer is 4.\nBut",
    ]


def test_weights_answer_as_they_were_trained(cast: Cast) -> None:
    cast.student = None
    one, many = cast.context("one", width=1), cast.context("many", width=16)
    do(one, EXACT)
    do(many, EXACT)
    assert files(one) == files(many)
    assert {row["student_score"] for row in rows(one)} == {1.0}
    assert any(row["student"] for row in rows(one))
    # The base has the same weights here, and is asked the same.
    base = discriminate(
        one, EXACT, "base_held_out", role="base", section=section(referee=None), payer="l"
    )
    assert (one.run.folder("base_held_out") / PAIRS).read_bytes() == files(one)[PAIRS]
    assert base["hard"] == 6


def test_what_was_there_stays_until_there_is_better_and_goes_with_its_inputs(cast: Cast) -> None:
    broken = {2: Transient("broken")}
    cast.teacher.rule = lambda request: broken.get(number(request)) or sums(request)
    context = cast.context("a")
    do(context, EXACT)
    before = files(context)
    cast.teacher.stop_after = len(cast.teacher.asked)
    with pytest.raises(Interrupted):
        do(context, EXACT)  # the call that failed is made again, and the run is stopped
    assert files(context) == before
    with pytest.raises(Interrupted):
        do(context, [*EXACT, *OPEN])
    assert context.run.done("discriminate") is None


def test_rationales_are_checked_as_the_generator_checks_them(cast: Cast) -> None:
    generate = {
        "generator": "chain_of_thought",
        "paths": 2,
        "kind": "number",
        "max_tokens": 16,
    }
    context = cast.context("a", generate=generate)
    bad = pool({"prompt": "Was ist 3 + 3? Etwa!", "target": "about six"})
    found = do(context, [*EXACT, *bad], by="referee")
    assert found["excluded"] == {"a target that cannot be read": 1}
    assert found["by"] == {"target": 0, "referee": 6}
    assert cast.asked == (12, 6, 12)


def test_equal_seeds_are_one_and_the_pool_is_told(cast: Cast) -> None:
    found = discriminate(
        cast.context("a"),
        [*EXACT, *EXACT[:2]],
        "discriminate",
        role="student",
        section=section(by="target", held_out="x"),
        payer="l",
        cache=500,
    )
    assert (found["sampled"], found["cache"], cast.asked[0]) == (6, 500, 6)
    assert "discriminate: 3 hard, 3 easy of 6\n" in cast.said.getvalue()


def test_a_student_that_is_not_trained_is_said(cast: Cast) -> None:
    context = cast.context("a")
    (context.run.folder("train") / "student").unlink()
    with pytest.raises(StageError, match="limbeck train"):
        do(context, EXACT)
    assert cast.asked == (0, 0, 0)
