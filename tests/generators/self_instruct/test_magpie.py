"""`style: magpie`: the teacher speaks as the user, then answers."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.generators.self_instruct.sampling import Sampling
from limbeck.protocols import Reply, Request
from limbeck.record import Message
from tests.generators.self_instruct.scribe import Scribe, run


def test_the_teacher_opens_a_users_turn_and_answers_what_it_said() -> None:
    teacher = Scribe()
    out = run(teacher, style="magpie", instructions=5, system="You know rivers.")
    system = Message("system", "You know rivers.")
    queries = [request for stage, request in teacher.asked if stage == "query"]
    assert {request.messages for request in queries} == {(system,)}
    assert {request.template for request in queries} == {"user"}
    assert len({request.seed for request in queries}) == len(queries)
    assert len(out.records) == 5
    answers = [request for stage, request in teacher.asked if stage == "answer"]
    assert [r.messages[1].content for r in answers] == [r.prompt for r in out.records]
    assert {r.messages[0] for r in answers} == {system}
    drafts = {record.id for record, verdict in out.drafts if verdict.keep}
    assert {parent for r in out.records for parent in r.provenance.parents} == drafts


def test_a_server_of_raw_text_is_given_the_template_around_the_query() -> None:
    def said(request: Request, stage: str) -> Reply:
        if request.messages[0].content == "<|user|>":
            return Reply(f"What flows through town {request.seed} 🙂?\n")
        return Reply("A river.")

    teacher = Scribe(said)
    out = run(teacher, style="magpie", instructions=3, pre_query="<|user|>", post_query="<|bot|>")
    assert {request.template for _, request in teacher.asked} == {"raw"}
    asked = [request.messages[0].content for _, request in teacher.asked]
    for record in out.records:
        assert f"<|user|>{record.prompt}<|bot|>" in asked
        assert record.prompt.endswith("🙂?")
        assert record.completion == "A river."


def test_queries_that_were_cut_off_or_are_empty_bring_nothing() -> None:
    def said(request: Request, stage: str) -> Reply | None:
        if stage != "query":
            return None
        kind = (request.seed or 0) % 3
        if kind == 0:
            return Reply("What is the longest river of", "length")
        return Reply(" \n") if kind == 1 else None

    out = run(Scribe(said), style="magpie", instructions=6)
    assert len(out.records) == 6
    assert out.funnel["calls for instructions"] > 6
    read = out.funnel["instructions read"]
    assert out.funnel["replies not read"] == out.funnel["calls for instructions"] - read
    assert not [r for r in out.records if r.prompt.endswith("river of")]


def test_an_answer_that_was_cut_off_is_a_row_that_says_so() -> None:
    def said(request: Request, stage: str) -> Reply | None:
        return Reply("It all began", "length") if stage == "answer" else None

    rows = run(Scribe(said), style="magpie", instructions=2).records
    assert [(row.completion, row.meta["finish_reason"]) for row in rows] == [
        ("It all began", "length")
    ] * 2


@pytest.mark.parametrize("given", [{"pre_query": "<|user|>"}, {"post_query": "<|bot|>"}])
def test_half_a_template_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="belong together"):
        run(Scribe(), style="magpie", **given)


def first(teacher: Scribe, stage: str) -> Request:
    return next(request for name, request in teacher.asked if name == stage)


def test_queries_and_answers_are_sampled_as_the_recipe_says() -> None:
    teacher = Scribe()
    run(teacher, style="magpie", instructions=1)
    query, answer = (
        next(r for s, r in teacher.asked if s == stage) for stage in ("query", "answer")
    )
    assert (query.temperature, query.top_p, query.max_tokens) == (1.0, 1.0, 256)
    assert (answer.temperature, answer.max_tokens) == (0.0, 1024)
    teacher = Scribe()
    run(
        teacher,
        style="magpie",
        instructions=1,
        instruction_sampling=Sampling(temperature=0.8),
        answer_sampling=Sampling(max_tokens=77, temperature=0.3),
    )
    query, answer = (
        next(r for s, r in teacher.asked if s == stage) for stage in ("query", "answer")
    )
    assert (query.temperature, query.top_p) == (0.8, 1.0)
    assert (answer.temperature, answer.max_tokens) == (0.3, 77)


def test_a_teacher_that_never_asks_makes_no_row_and_says_so() -> None:
    out = run(Scribe(lambda request, stage: Reply("")), style="magpie", stall_calls=4)
    assert out.funnel == {
        "calls for instructions": 4,
        "replies not read": 4,
        "instructions read": 0,
        "instructions kept": 0,
        "rows": 0,
    }
