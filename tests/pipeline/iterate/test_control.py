"""The control's arms: their order, what the arm "cost" buys, the rows of the arm "rows", and how an
arm ends that brings nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from limbeck.pipeline.iterate import control
from limbeck.pipeline.iterate.layout import Round, Work
from limbeck.pipeline.iterate.loop import run_loop
from limbeck.pipeline.iterate.pools import Pools
from limbeck.record import Provenance, Record, user
from limbeck.store import read_json
from limbeck.testing import Answer, ApiServer, answer_to
from tests.pipeline.iterate.loops import ANSWER, EVAL, REFER, WRITE, loop_in, recipe_data, said


def round_(arm: str, number: int, cache: int, **tokens: int) -> Round:
    """A round with a cache pool of so many, which cost so many tokens by phase."""
    seeds = tuple(Record((user(f"第{n}题"),), "", Provenance("seed")) for n in range(cache))
    cost: Mapping[str, Any] = {
        phase: {"prompt_tokens": count - 1, "completion_tokens": 1}
        for phase, count in tokens.items()
    }
    return Round(arm, number, cast(Any, None), Pools(seeds, seeds), dict(cost))


def work(rounds: Sequence[Round], controls: Sequence[Round]) -> Work:
    return Work(cast(Any, None), cast(Any, None), list(rounds), list(controls))


LOOP = [
    round_("loop", 1, 12, imitate=9_999, held_out=7_000, discriminate=500, write=100),
    round_("loop", 2, 16, imitate=200, held_out=7_000, discriminate=900, write=100),
    round_("loop", 3, 19, imitate=150),
]


def test_as_many_rows_as_the_loop_brought() -> None:
    assert [control._count(work(LOOP, []), "rows", one) for one in LOOP[1:]] == [4, 3]


def test_as_many_as_the_loops_tokens_buy() -> None:
    """The loop paid 500 + 100 + 200 for round 2, and 900 + 100 + 150 for round 3; what was only
    measured is not in it. A row of the other arm cost 100 / 4, then 60 / 2: it had one less."""
    rows = [
        round_("control_rows", 2, 16, write=40, imitate=60, held_out=5_000),
        round_("control_rows", 3, 18, write=20, imitate=40),
    ]
    found = [control._count(work(LOOP, rows), "cost", one) for one in LOOP[1:]]
    assert found == [800 * 4 // 100, 1150 * 2 // 60]


def test_without_a_price_of_a_row() -> None:
    nothing = [round_("control_rows", 2, 12, write=40, imitate=1)]
    assert control._count(work(LOOP, nothing), "cost", LOOP[1]) == 4, "it brought none"
    assert control._count(work(LOOP, nothing), "cost", LOOP[2]) is None, "it ended before"


def test_the_arms_are_done_in_the_order_in_which_they_need_each_other(
    tmp_path: Path, tiny_folder: Path
) -> None:
    """And plain Self-Instruct that only says what cannot be read ends its arms, not the loop: with
    a train pool that is replaced there is nothing to learn from."""

    def script(body: dict[str, Any], number: int) -> Answer:
        if body["max_tokens"] not in (ANSWER, EVAL, REFER, WRITE):
            return Answer(answer_to(body, "我不知道 🙂"))
        return said(body, number)

    with ApiServer(script=script) as server:
        data = recipe_data(
            tmp_path, server.base_url, tiny_folder,
            iterate={"control": ["cost", "rows"], "train_pool": "replace", "stall_calls": 2},
        )  # fmt: skip
        made = run_loop(loop_in(tmp_path, data))
    assert [(run["arm"], run["number"]) for run in made["runs"]] == [("loop", 1), ("loop", 2)]
    assert (tmp_path / "loop" / "index.html").is_file()
    assert read_json(tmp_path / "loop/control-rows-2/write/summary.json")["kept"] == 0
    assert not (tmp_path / "loop/control-cost-2").exists()


def test_no_more_rows_than_the_loop_had(tmp_path: Path, tiny_folder: Path) -> None:
    """Of the four that the loop wrote, the teacher cuts off its answers to those about fire."""
    new = iter(
        ("🔥 How warm is a fire?", "🔥 为什么火是红色的？", "Which sea is salt?", "什么是雪？")
    )

    def script(body: dict[str, Any], number: int) -> Answer:
        if body["max_tokens"] == WRITE:
            return Answer(answer_to(body, next(new)))
        if body["max_tokens"] == ANSWER and "🔥" in body["messages"][-1]["content"]:
            return Answer(answer_to(body, "Fire is", "length"))
        return said(body, number)

    with ApiServer(script=script) as server:
        data = recipe_data(tmp_path, server.base_url, tiny_folder, filters=["complete", "exact"])
        data["teacher"] |= {"concurrency": 1}
        made = run_loop(loop_in(tmp_path, data))
        asked = len(server.bodies)
        assert run_loop(loop_in(tmp_path, data)) == made, "and it stays so"
        assert len(server.bodies) == asked
    told = {(run["arm"], run["number"]): (run["seeds"], run["rows"]) for run in made["runs"]}
    assert told == {("loop", 1): (12, 12), ("loop", 2): (16, 14), ("control_rows", 2): (16, 14)}
    assert "rows: 14" in (tmp_path / "loop/control-rows-2/recipe.yaml").read_text()
