"""The control: plain Self-Instruct under the same rules, novelty and guard."""

from __future__ import annotations

import json
from typing import Any

import pytest

from limbeck.protocols import Reply, Request
from limbeck.seeds import seeds_of
from tests.generators.adversarial.writing import plain
from tests.generators.self_instruct.scribe import Scribe, seeds, text_of


def test_as_many_as_wanted_as_seeds() -> None:
    out = plain(Scribe(), instructions=11)
    assert len(out.records) == 11
    assert out.funnel["instructions kept"] == 11
    for record in out.records:
        assert record.provenance.generator == "self_instruct"
        assert record.provenance.prompt_version == "self_instruct_instructions_chat.v1"
        assert record.meta == {"instruction": record.prompt, "input": ""}
        assert record.completion == ""
        [seed] = seeds_of({"instruction": record.prompt, "input": ""})
        assert (seed.id, seed.messages) == (record.id, record.messages)


def test_a_prompt_shows_eight_instructions() -> None:
    teacher = Scribe()
    plain(teacher, instructions=40)
    assert teacher.prompts("instructions")[0].count('"Seed') == 8
    assert teacher.prompts("instructions")[-1].count('"Seed') in (6, 8)


def test_an_instruction_is_shown_with_its_input() -> None:
    """No later stage would give an input to what is written after it."""
    teacher = Scribe()
    rows = [{"instruction": f"Seed {n}: translate 译.", "input": f"水 {n} 🙂"} for n in range(9)]
    plain(teacher, shown=[seed for row in rows for seed in seeds_of(row)], instructions=2)
    first = teacher.prompts("instructions")[0]
    assert first.count("水") == first.count("translate 译") == 8


def test_what_is_shown_can_stand_alone() -> None:
    """Of a conversation what it begins with, and of a choice its options."""
    teacher = Scribe()
    rows: list[dict[str, Any]] = [
        {"messages": [
            {"role": "user", "content": f"Seed {n}: what is a lake? 湖"},
            {"role": "assistant", "content": "Water."},
            {"role": "user", "content": "And the other one?"},
        ]}
        for n in range(4)
    ]  # fmt: skip
    rows += [{"task": "mood", "input": f"Mood {n} 🌊", "options": ["joy", "悲"]} for n in range(4)]
    plain(teacher, shown=[seed for row in rows for seed in seeds_of(row)], instructions=2)
    first = teacher.prompts("instructions")[0]
    assert first.count("what is a lake? 湖") == first.count("- joy - 悲") == 4
    assert "the other one" not in first


@pytest.mark.parametrize("form", ["chat", "base"])
def test_the_result_is_the_same_for_every_width_and_order_of_replies(form: str) -> None:
    expected = text_of(plain(Scribe(), instructions=40, width=1, form=form))
    for chance in range(3):
        teacher = Scribe(turns=7, chance=chance)
        assert text_of(plain(teacher, instructions=40, width=16, form=form)) == expected


def test_what_is_known_and_what_the_guard_refuses_is_not_taken() -> None:
    first = plain(Scribe(), instructions=12).records
    again = plain(Scribe(), [*seeds(), *first], instructions=12)
    assert not {record.id for record in first} & {record.id for record in again.records}
    out = plain(Scribe(), instructions=40, refuse=lambda text: "x/1" if "rivers" in text else None)
    assert len(out.records) == 40
    assert not any("rivers" in record.prompt for record in out.records)
    assert out.funnel["refused instructions: held_out"] > 0
    assert any(verdict.reason == "held_out: x/1" for _, verdict in out.drafts)


def test_a_teacher_that_repeats_itself_is_stopped() -> None:
    said = json.dumps(["Name three rivers of Asia.", "Sing."])
    out = plain(Scribe(lambda request, stage: Reply(said)), stall_calls=3)
    assert [record.prompt for record in out.records] == ["Name three rivers of Asia."]
    assert out.said[0].startswith("stopped at 1 of 8 instructions")


def test_a_list_has_the_budget_of_a_list() -> None:
    for form, most in (("chat", 1024), ("base", 512)):
        for asked, expected in ((40, most), (3000, 3000)):
            teacher = Scribe()
            plain(teacher, form=form, max_tokens=asked, temperature=0.6)
            found = {(one.max_tokens, one.temperature) for _, one in teacher.asked}
            assert found == {(expected, 0.6)}


def test_none_wanted_asks_nobody() -> None:
    teacher = Scribe()
    assert plain(teacher, instructions=0).records == []
    assert teacher.asked == []


def test_every_language_is_taken() -> None:
    texts = [
        "请介绍长江的源头和入海口。",
        "اكتب ثلاث جمل عن نهر النيل.",
        "Décris un été 🎈 en trois phrases.",
    ]

    def reply(request: Request, stage: str) -> Reply:
        return Reply(json.dumps(texts, ensure_ascii=False))

    assert [one.prompt for one in plain(Scribe(reply), instructions=3).records] == texts
