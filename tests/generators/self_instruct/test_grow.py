"""The growing loop: what a call sees, what it costs, and when it ends."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from limbeck.errors import AskTimeout, AuthError, BadRequest
from limbeck.filters.rouge import RougePool
from limbeck.generators.self_instruct import SelfInstruct
from limbeck.protocols import Reply, Request
from limbeck.testing import Collected
from tests.generators.self_instruct.scribe import Scribe, run, seeds, text_of


def same(request: Request, stage: str) -> Reply | None:
    if stage != "instructions":
        return None
    said = ["Name three rivers of Europe.", "Draw a picture of a cat now.", "Sing."]
    return Reply(json.dumps(said))


def test_a_teacher_that_repeats_itself_is_stopped_with_the_reason() -> None:
    teacher = Scribe(same, turns=4)
    out = run(teacher, stall_calls=7, stall_share=0.04)
    assert out.funnel["calls for instructions"] == 8  # 1 of 21 is 4.8%, 0 of 21 is not
    assert out.said == [
        "stopped at 1 of 20 instructions: of the 21 instructions of the last 7 calls 0 were kept "
        "(0.0%, under 4.0%); refused: 7 blacklist, 7 similar, 7 too_short. More or other seeds, "
        "a higher temperature or a stronger teacher may help"
    ]
    assert len(out.records) in (1, 2)  # the one instruction is finished all the same
    assert out.funnel["refused instructions: similar"] == 7


def test_a_share_that_is_just_reached_goes_on() -> None:
    """One of three instructions of each call is kept: a third is not under a third."""

    def third(request: Request, stage: str) -> Reply | None:
        if stage != "instructions":
            return None
        said = [f"Alpha{request.seed} beta{request.seed} gamma{request.seed} four.", "Sing.", "Go."]
        return Reply(json.dumps(said))

    assert run(Scribe(third), stall_calls=3, stall_share=1 / 3).said == []
    [stopped] = run(Scribe(third), stall_calls=3, stall_share=0.34).said
    assert "stopped at 3 of 20" in stopped


def test_a_teacher_that_says_nothing_that_can_be_read_is_stopped() -> None:
    teacher = Scribe(lambda request, stage: Reply("I had rather not."))
    out = run(teacher, stall_calls=5)
    assert out.records == []
    assert out.funnel["replies not read"] == 5
    assert "the last 5 calls brought no instruction that could be read" in out.said[0]


def test_a_request_that_fails_for_good_leaves_the_others_alone() -> None:
    failed: list[int | None] = []

    def hopeless(request: Request, stage: str) -> Exception | None:
        if stage != "instructions" or (request.seed or 0) % 3:
            return None
        failed.append(request.seed)
        return BadRequest("no")

    outs = [run(Scribe(hopeless, turns=t, chance=t), width=w) for t, w in ((0, 1), (8, 16))]
    assert text_of(outs[0]) == text_of(outs[1])
    assert failed
    assert outs[0].funnel["instructions kept"] == 20
    assert {failure.reason for failure in outs[0].failures} == {"bad_request"}
    assert all(failure.seed.startswith("instructions/") for failure in outs[0].failures)


@pytest.mark.parametrize("stage", ["classify", "instances", "labels"])
def test_an_instruction_whose_later_stage_fails_is_told_and_left_out(stage: str) -> None:
    def fails(request: Request, at: str) -> Exception | None:
        return AskTimeout("too slow") if at == stage else None

    out = run(Scribe(fails))
    assert out.failures
    assert {failure.reason for failure in out.failures} == {"timeout"}
    kept = {record.id for record, verdict in out.drafts if verdict.keep}
    done = {record.provenance.parents[0] for record in out.records}
    lost = {failure.seed.split("/")[1] for failure in out.failures}
    assert lost <= kept
    assert not lost & done
    assert done == (set() if stage == "classify" else kept - lost)


@pytest.mark.parametrize("style", ["self_instruct", "alpaca", "evolve", "magpie"])
@pytest.mark.parametrize("after", [0, 1, 20])
def test_what_ends_the_run_ends_it_whoever_waits(style: str, after: int) -> None:
    count = 0

    def refused(request: Request, stage: str) -> Exception | None:
        nonlocal count
        count += 1
        return AuthError("the key is wrong") if count > after else None

    async def main() -> None:
        options: dict[str, Any] = {"style": style, "instructions": 50, "lookahead": 2, "width": 9}
        made = SelfInstruct(new_pool=RougePool, **options)
        teacher = Scribe(refused, turns=3)
        with pytest.raises(AuthError):
            await asyncio.wait_for(made.generate(seeds(), teacher, Collected()), 30)

    asyncio.run(main())


def test_one_call_at_a_time_sees_all_before_it() -> None:
    teacher = Scribe(turns=3)
    out = run(teacher, lookahead=1, machine=8, instructions=12, width=16)
    calls: dict[str, int] = {}
    for record, _ in out.drafts:
        calls.setdefault(record.provenance.request, len(calls))
    made_by = {r.id: calls[r.provenance.request] for r, v in out.drafts if v.keep}
    shown = {calls[r.provenance.request]: r.provenance.parents for r, _ in out.drafts}
    for number, parents in shown.items():
        before = [name for name, call in made_by.items() if call < number]
        assert len([parent for parent in parents if parent in made_by]) == min(8, len(before))
        assert {made_by[parent] for parent in parents if parent in made_by} <= set(range(number))


def test_machine_made_ones_may_be_left_out() -> None:
    out = run(Scribe(), machine=0)
    known = {seed.id for seed in seeds()}
    assert all(set(record.provenance.parents) <= known for record, _ in out.drafts)


def test_a_teacher_that_cannot_be_asked_is_no_teacher_that_needs_a_higher_temperature() -> None:
    out = run(Scribe(lambda request, stage: BadRequest("no")), stall_calls=4)
    assert out.said == [
        "stopped at 0 of 20 instructions: the last 4 calls all failed (4 bad_request)"
    ]


def test_the_stall_sentence_tells_failed_calls_apart() -> None:
    def half(request: Request, stage: str) -> Reply | Exception:
        return BadRequest("no") if (request.seed or 0) % 4 == 0 else Reply("Hm.")

    [said] = run(Scribe(half), stall_calls=20).said
    assert "the last 20 calls brought no instruction that could be read (" in said
    assert "of them failed: " in said
    assert "bad_request). More or other seeds" in said


def test_no_stall_is_told_once_there_is_enough() -> None:
    def one(request: Request, stage: str) -> Reply | None:
        if stage != "instructions":
            return None
        return Reply(json.dumps([f"Alpha{request.seed} beta{request.seed} gamma and delta."]))

    assert run(Scribe(one), instructions=3, stall_calls=3, stall_share=1.0).said == []
