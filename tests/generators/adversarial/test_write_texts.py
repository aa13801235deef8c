"""What the teacher is shown and how its reply is read, in every language and both forms."""

from __future__ import annotations

import json

import pytest

from limbeck.seeds import seeds_of
from tests.generators.adversarial.writing import saying, source, sources, write
from tests.generators.self_instruct.scribe import Scribe


def test_the_source_is_shown_whole() -> None:
    teacher = Scribe()
    [alpaca] = seeds_of({"instruction": "Translate it.", "input": "Guten Tag, Frau Löffler!"})
    [chat] = seeds_of(
        {"messages": [
            {"role": "user", "content": "什么是河？"},
            {"role": "assistant", "content": "流动的水。"},
            {"role": "user", "content": "湖呢？"},
        ]}
    )  # fmt: skip
    write(teacher, [source(alpaca), source(chat, "easy")], hard=1, easy=1)
    [hard, easy] = [request.messages[0].content for _, request in teacher.asked]
    assert "Prompt:\nTranslate it.\n\nGuten Tag, Frau Löffler!\n\nNew prompt:" in hard
    assert (
        "Prompt:\nUser: 什么是河？\n\nAssistant: 流动的水。\n\nUser: 湖呢？\n\nNew prompt:" in easy
    )
    assert "is a conversation" in easy
    assert "conversation" not in hard


def test_the_budget_does_not_depend_on_the_source() -> None:
    teacher = Scribe()
    write(teacher, max_tokens=77, temperature=0.4)
    assert {(one.max_tokens, one.temperature) for _, one in teacher.asked} == {(77, 0.4)}


def test_what_was_cut_off_is_asked_once_more_and_then_not_read() -> None:
    teacher = saying("Name the rivers of all the", "length")
    out = write(teacher, hard=1, easy=0, stall_calls=1)
    assert [request.index for _, request in teacher.asked] == [0, 1]
    assert out.funnel["hard: replies not read"] == 1


@pytest.mark.parametrize(
    "text", ["The new prompt asks for five more rivers.", "Like the prompt above, name rivers."]
)
def test_the_words_of_the_prompt_are_refused(text: str) -> None:
    out = write(saying(text), hard=1, easy=0, stall_calls=1)
    assert out.records == []
    assert out.funnel["refused instructions: leaked"] == 1


def test_a_transcript_is_no_instruction_and_its_label_is_taken_off() -> None:
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi."}]
    [chat] = seeds_of({"messages": turns})
    [record] = write(
        saying("User: Tell me all about lakes."), [source(chat)], hard=1, easy=0
    ).records
    assert record.prompt == "Tell me all about lakes."
    said = saying("User: Tell me all about lakes.\nAssistant: They are wet.")
    out = write(said, [source(chat)], hard=1, easy=0, stall_calls=1)
    assert out.records == []
    assert [verdict.reason for _, verdict in out.drafts] == ["leaked: Assistant:"]
    dialogue = "Finish the dialogue below.\nAssistant: How can I help?"
    assert len(write(saying(dialogue), sources(1, 0), hard=1, easy=0).records) == 1


@pytest.mark.parametrize(
    "text",
    [
        "请用三句话介绍长江的源头和入海口。",
        "اكتب ثلاث جمل عن منابع نهر النيل ومصبه.",
        "เขียนสามประโยคเกี่ยวกับแม่น้ำเจ้าพระยาและปากแม่น้ำ",
        "Décris l'été en 🎈🎈 et en trois phrases, s'il te plaît.",
    ],
)
def test_every_language_is_taken_once(text: str) -> None:
    [seed] = seeds_of({"instruction": "介绍一条河流 🏞 نهر แม่น้ำ", "input": text[:5]})
    teacher = saying(text)
    out = write(teacher, [source(seed)], hard=2, easy=0, stall_calls=2)
    assert [record.prompt for record in out.records] == [text]
    assert json.loads(json.dumps(out.records[0].to_json()))["meta"]["instruction"] == text
    assert seed.prompt in teacher.asked[0][1].messages[0].content
    assert out.funnel["refused instructions: similar"] >= 1


def test_form_base_continues_text_and_stops_at_the_end_of_a_pair() -> None:
    teacher = saying("\nName the two longest\n\nrivers of Asia.")
    [record] = write(teacher, sources(1, 0), hard=1, easy=0, form="base", max_tokens=90).records
    [(_, request)] = teacher.asked
    assert (request.template, request.stop, request.max_tokens) == ("raw", ("\n=====",), 90)
    assert request.messages[0].content.endswith("\n\nNew prompt:")
    assert record.provenance.prompt_version == "adversarial_hard_base.v1"
    assert record.prompt == "Name the two longest\n\nrivers of Asia."
