"""`style: alpaca`: whole tasks out of one call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.protocols import Reply
from limbeck.record import Provenance, Record, user
from tests.generators.self_instruct.scribe import Scribe, blocks, run

TASKS: list[dict[str, str]] = [
    {"instruction": "Say hello in the French of Québec.", "input": "", "output": "Allô 🙂"},
    {"instruction": "Add up all of these numbers.", "input": "1, 2", "output": "3"},
    {"instruction": "Answer with nothing at all, please.", "input": "", "output": ""},
    {"instruction": "Repeat what you are told.", "input": "听", "output": "听"},
]


def alpaca(form: str, **options: Any) -> Any:
    said = json.dumps(TASKS, ensure_ascii=False) if form == "chat" else blocks(TASKS)
    teacher = Scribe(lambda request, stage: Reply(said))
    return run(teacher, style="alpaca", form=form, stall_calls=2, **options)


@pytest.mark.parametrize("form", ["base", "chat"])
def test_the_mended_preset_looks_at_outputs_before_a_task_may_join(form: str) -> None:
    out = alpaca(form)
    assert [(r.meta["instruction"], r.meta["input"], r.completion) for r in out.records] == [
        ("Say hello in the French of Québec.", "", "Allô 🙂"),
        ("Add up all of these numbers.", "1, 2", "3"),
    ]
    assert out.records[1].prompt == "Add up all of these numbers.\n\n1, 2"
    assert out.funnel["refused instances: equal"] == 3
    assert out.funnel["refused instances: empty"] == 3
    assert out.funnel["instructions kept"] == out.funnel["rows"] == 2
    refused = "of the 8 instructions of the last 2 calls 0 were kept (0.0%, under 5.0%); refused: "
    assert f"{refused}2 empty, 2 equal, 4 similar" in out.said[0]


def test_the_published_pipeline_keeps_tasks_without_an_output() -> None:
    out = alpaca("base", preset="reference")
    assert [record.completion for record in out.records] == ["Allô 🙂", "3", "", "听"]


def test_a_base_teacher_goes_on_after_three_numbered_seeds() -> None:
    teacher = Scribe()
    out = run(teacher, style="alpaca", form="base", instructions=9)
    for prompt in teacher.prompts("tasks"):
        assert prompt.endswith("\n###\n4. Instruction:")
        assert all(f"\n{n}. Instruction: Seed" in prompt for n in (1, 2, 3))
    assert len(out.records) == 9
    drafts = {record.id: record for record, verdict in out.drafts if verdict.keep}
    for record in out.records:
        [parent] = record.provenance.parents
        assert len(drafts[parent].provenance.parents) == 3


def test_music_and_video_are_on_alpacas_list_too() -> None:
    said = json.dumps([{"instruction": "Cut the video into scenes.", "input": "", "output": "x"}])
    teacher = Scribe(lambda request, stage: Reply(said))
    out = run(teacher, style="alpaca", stall_calls=2)
    assert out.records == []
    assert out.funnel["refused instructions: blacklist"] == 2


def test_seeds_without_an_output_cannot_be_shown() -> None:
    plain = [Record((user(f"Prompt {n}"),), "", Provenance("seed")) for n in range(5)]
    with pytest.raises(UserError, match="needs seeds with an output"):
        run(Scribe(), plain, style="alpaca")
