"""From instructions to rows: classification or not, instances, and what becomes of the rest."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from limbeck.protocols import Reply, Request
from tests.generators.self_instruct.scribe import Scribe, listed, run, text_of


def by_stage(**replies: str) -> Scribe:
    """A scribe that says the same whenever a stage is one of these."""
    return Scribe(lambda request, stage: Reply(replies[stage]) if stage in replies else None)


def test_the_published_pipeline_takes_silence_for_no_and_the_mended_one_does_not() -> None:
    silent = by_stage(classify=" Perhaps")
    published = run(silent, preset="reference", form="base", instructions=6)
    assert published.funnel["classification"] == 0
    assert {record.meta["task"] for record in published.records} == {"generation"}
    assert len(published.records) == 6
    mended = run(silent, form="base", instructions=6)
    assert mended.records == []
    assert mended.funnel["refused: unclear whether classification"] == 6


def test_classification_begins_with_the_label_and_all_else_with_the_input() -> None:
    for said, stage in (("Yes", "labels"), ("No", "instances")):
        teacher = by_stage(classify=said)
        out = run(teacher, form="base", instructions=6)
        assert Counter(teacher.stages())[stage] == 6
        assert out.funnel["classification"] == (6 if said == "Yes" else 0)


def test_the_published_code_gives_five_instructions_300_tokens_if_one_is_classification() -> None:
    """The third of eleven is classification: so the first five have 300 tokens, the rest 350."""
    order: list[str] = []

    def third(request: Request, stage: str) -> Reply | None:
        if stage != "classify":
            return None
        order.append(request.messages[-1].content)
        return Reply(" Yes" if len(order) == 3 else " No")

    teacher = Scribe(third)
    run(teacher, preset="reference", form="base", instructions=11, width=1)
    last = [r.max_tokens for stage, r in teacher.asked if stage in ("labels", "instances")]
    assert last == [300] * 5 + [350] * 6
    teacher = Scribe(third)
    run(teacher, form="base", instructions=11, width=1)
    last = [r.max_tokens for stage, r in teacher.asked if stage in ("labels", "instances")]
    assert last == [512] * 11


def test_instances_that_a_rule_refuses_are_drafts_with_the_rule() -> None:
    pairs = [
        {"input": "1, 2", "output": "3"},
        {"input": "1, 2", "output": "3"},
        {"input": "4", "output": ""},
        {"input": "五", "output": "五"},
    ]
    out = run(by_stage(classify="No", instances=json.dumps(pairs)), instructions=3)
    assert len(out.records) == out.funnel["rows"] == 3
    assert out.funnel["instances read"] == 12
    found = {name: n for name, n in out.funnel.items() if name.startswith("refused instances")}
    assert found == {
        "refused instances: duplicate": 3,
        "refused instances: empty": 3,
        "refused instances: equal": 3,
    }
    refused = [record for record, verdict in out.drafts if verdict.reason.startswith("equal")]
    assert [(r.meta["input"], r.completion) for r in refused] == [("五", "五")] * 3
    assert {record.provenance.index for record in out.records} == {0}
    assert {record.provenance.index for record in refused} == {3}


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (
            "chat",
            '[{"input": "They swim in the lake.", "output": "x"}, {"input": "b", "output": "c"}]',
        ),
        (
            "base",
            "Example 1\nSentence: She teaches us to  bake bread.\nOutput: x\n"
            "Example 2\nb\nOutput: c\n",
        ),
    ],
)
def test_an_example_of_the_prompt_is_no_instance(form: str, said: str) -> None:
    out = run(by_stage(classify="No", instances=said), form=form, instructions=2)
    assert [(r.meta["input"], r.completion) for r in out.records] == [("b", "c")] * 2
    assert out.funnel["refused instances: copied"] == 2
    assert {r.provenance.index for r in out.records} == {1}
    published = by_stage(classify="No", instances=said)
    assert len(run(published, form=form, instructions=2, preset="reference").records) == 4


def test_no_input_makes_a_prompt_without_one() -> None:
    pairs = [{"input": "", "output": "Oui 🙂"}]
    [row] = run(by_stage(classify="No", instances=json.dumps(pairs)), instructions=1).records
    assert row.prompt == row.meta["instruction"]
    assert (row.meta["input"], row.completion) == ("", "Oui 🙂")
    pairs = [{"input": "L'été", "output": "Oui"}]
    [row] = run(by_stage(classify="No", instances=json.dumps(pairs)), instructions=1).records
    assert row.prompt == f"{row.meta['instruction']}\n\nL'été"


@pytest.mark.parametrize(("preset", "tries"), [("fixed", 2), ("reference", 1)])
def test_instances_that_cannot_be_read_are_asked_again_but_not_by_the_reference(
    preset: str, tries: int
) -> None:
    teacher = by_stage(classify="No", instances="", labels="")
    out = run(teacher, preset=preset, form="base", instructions=4)
    assert Counter(teacher.stages())["instances"] == 4 * tries
    assert out.records == []
    assert out.funnel["refused: no instance could be read"] == 4
    aside = [record for record, verdict in out.drafts if verdict.reason == "unread"]
    assert len(aside) == 4


def test_the_five_of_many_do_not_depend_on_timing() -> None:
    pairs = [{"input": f"n {n}", "output": f"m {n}"} for n in range(9)]
    replies = {"classify": "No", "instances": json.dumps(pairs)}
    first = run(by_stage(**replies), instructions=4)
    assert len(first.records) == 20
    assert first.funnel["refused instances: over_five"] == 16
    drawn = {tuple(r.meta["input"] for r in first.records[i : i + 5]) for i in range(0, 20, 5)}
    assert len(drawn) > 1  # each instruction draws its own
    other = Scribe(lambda r, stage: Reply(replies[stage]) if stage in replies else None, turns=5)
    assert text_of(run(other, instructions=4, width=3)) == text_of(first)


def test_the_reference_stores_an_instruction_as_it_joins_the_pool() -> None:
    """The published code writes a capital first letter and lower case after it."""
    said = listed(["name the RIVERS of North Rhine now", "Decide if WHO is right or not"])
    teacher = by_stage(instructions=said)
    published = run(teacher, preset="reference", form="base", instructions=2)
    mended = run(teacher, form="base", instructions=2)
    texts = [[r.prompt for r, v in out.drafts if v.keep] for out in (published, mended)]
    assert texts[0] == ["Name the rivers of north rhine now", "Decide if who is right or not"]
    assert texts[1] == ["name the RIVERS of North Rhine now", "Decide if WHO is right or not"]
