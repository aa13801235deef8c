"""The text that a student learns, and the controls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.pipeline.format import from_row, to_row
from limbeck.pipeline.texts import as_text
from limbeck.recipe import Format
from limbeck.record import Message, Provenance, Record, user
from limbeck.store import read_parquet, write_parquet

ARROW = Format(text="arrow")
SHUFFLED = Format(text="arrow", rationales="shuffled")


def row(prompt: str, number: int = 0, **meta: Any) -> Record:
    made = Provenance("chain_of_thought", index=number)
    return Record((user(prompt),), "x", made, target="7", meta=meta)


def test_the_arrow_text_is_the_published_one_and_survives_the_file(tmp_path: Path) -> None:
    record = row("第几天? 🙂", rationale="先 --> 后\nthen two.", answer="six")
    [made] = as_text([record], ARROW, 0)
    assert made.prompt == "第几天? 🙂 ###"
    assert (
        made.completion == " 先 --> 后\nthen two. --> 7"
    )  # the target, not what the teacher wrote
    assert made.provenance.template == "raw"
    assert made.id == record.id
    write_parquet(tmp_path / "x.parquet", [to_row(made)])
    [read] = read_parquet(tmp_path / "x.parquet")
    assert from_row(read) == made


def test_what_the_paths_agreed_on_stands_where_there_is_no_target() -> None:
    record = Record((user("q"),), "x", Provenance("t"), meta={"rationale": "Since.", "answer": "8"})
    assert as_text([record], ARROW, 0)[0].completion == " Since. --> 8"
    assert as_text([record], Format(text="answer"), 0)[0].completion == " 8"


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (row("q"), "are for rationales with an answer"),
        (Record((user("q"),), "x", Provenance("t"), meta={"rationale": "r"}), "has no answer"),
        (
            Record((user("q"),), "x", Provenance("t"), target="a --> b", meta={"rationale": "r"}),
            "has an answer that holds '-->'",
        ),
    ],
)
def test_a_record_that_has_no_such_text_is_told(record: Record, words: str) -> None:
    with pytest.raises(UserError, match=words):
        as_text([record], ARROW, 0)


def test_an_answer_that_was_found_wrong_stays_the_teachers() -> None:
    meta: dict[str, Any] = {
        "rationale": "r",
        "answer": "8",
        "answer_text": "eight",
        "check": {"status": "wrong"},
    }
    [wrong] = as_text([row("q", **meta)], ARROW, 0)
    assert wrong.completion == " r --> eight"
    [right] = as_text([row("q", **meta | {"check": {"status": "correct"}})], ARROW, 0)
    assert right.completion == " r --> 7"


def test_answers_alone_are_the_prompt_and_the_answer() -> None:
    [made] = as_text([row("第几天?", rationale="先 --> 后")], Format(text="answer"), 0)
    assert (made.prompt, made.completion, made.provenance.template) == ("第几天? ###", " 7", "raw")


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_every_row_has_a_rationale_of_another_question(seed: int) -> None:
    sizes = (4, 1, 2, 3)
    rows = [row(f"q{q}", n, rationale=f"{q}/{n}") for q, size in enumerate(sizes)
            for n in range(size)]  # fmt: skip
    made = as_text(rows, SHUFFLED, seed)
    assert [r.prompt for r in made] == [f"{r.prompt} ###" for r in rows]
    assert [r.id for r in made] == [r.id for r in rows]
    given = [r.completion.removesuffix(" --> 7").strip() for r in made]
    assert sorted(given) == sorted(str(r.meta["rationale"]) for r in rows)  # each once
    assert all(text.split("/")[0] != r.prompt[1:] for text, r in zip(given, rows, strict=True))


def test_where_one_question_has_most_rows_nothing_can_be_shuffled() -> None:
    rows = [row("a", n, rationale=str(n)) for n in range(3)] + [row("b", rationale="b")]
    with pytest.raises(UserError, match=r"3 of 4 train rows are of one question.*ask more"):
        as_text(rows, SHUFFLED, 0)
    with pytest.raises(UserError, match=r"1 of 1 valid rows are.*format\.valid larger, or 0"):
        as_text(rows[:1], SHUFFLED, 0, side="valid")
    assert [r.completion for r in as_text(rows[2:], SHUFFLED, 0)] == [" b --> 7", " 2 --> 7"]


def test_chat_is_left_as_it_is() -> None:
    rows = [row("q")]
    assert as_text(rows, Format(), 0) == rows


def test_without_a_target_it_is_the_teachers_words_and_not_what_they_are_compared_by() -> None:
    meta = {"rationale": "r", "answer": "a, b", "answer_text": " B, A.\n"}
    record = Record((user("q"),), "x", Provenance("t"), meta=meta)
    assert as_text([record], ARROW, 0)[0].completion == " r --> B, A"
    assert as_text([record], Format(text="answer"), 0)[0].completion == " B, A"


def test_rows_without_the_text_are_left_out_where_somebody_counts_them() -> None:
    rows = [
        row("a", rationale="r"),
        Record((user("b"),), "x", Provenance("t"), meta={"rationale": "r"}),
        row("c"),
        row("d", rationale="r", answer_text="3 --> 8", check={"status": "wrong"}),
        row("e", rationale="3 + 4 = 8", answer="8", check={"status": "wrong"}),
    ]
    left: list[str] = []
    made = as_text(rows, ARROW, 0, on_left=left.append)
    assert [(r.prompt, r.completion) for r in made] == [
        ("a ###", " r --> 7"),
        ("e ###", " 3 + 4 = 8 --> 8"),
    ]
    assert left == ["no answer", "no rationale", "an answer that holds '-->'"]
    shuffled = as_text(rows, SHUFFLED, 0, on_left=left.append)
    assert [r.completion for r in shuffled] == [" 3 + 4 = 8 --> 7", " r --> 8"]
    assert as_text(rows[1:3], SHUFFLED, 0, on_left=left.append) == []


@pytest.mark.parametrize("text", ["arrow", "answer"])
@pytest.mark.parametrize(
    ("turns", "words"),
    [
        ((Message("system", "In km."), user("How far?")), "has a system turn, which would be lost"),
        ((user("7."), Message("assistant", "ok"), user("Double it.")), "has several turns"),
    ],
)
def test_what_stands_before_the_question_is_not_dropped(
    turns: tuple[Message, ...], words: str, text: Any
) -> None:
    record = Record(turns, "x", Provenance("t"), target="7", meta={"rationale": "r"})
    with pytest.raises(UserError, match=words):
        as_text([record], Format(text=text), 0, on_left=lambda reason: None)


@pytest.mark.parametrize("reason", ["length", "max_tokens"])
def test_half_a_rationale_is_not_written_as_a_whole_one(reason: str) -> None:
    record = row("q", rationale="We add 3 and", finish_reason=reason)
    with pytest.raises(UserError, match=r"cut off by the token limit.*add the filter complete"):
        as_text([record], ARROW, 0, on_left=lambda reason: None)
    assert as_text([record], Format(), 0) == [record]
    whole = row("q", rationale="We add.", finish_reason="stop")
    assert len(as_text([whole], ARROW, 0)) == 1


def test_another_seed_shuffles_in_another_order() -> None:
    rows = [row(f"q{n}", rationale=str(n)) for n in range(20)]
    orders = {tuple(r.completion for r in as_text(rows, SHUFFLED, seed)) for seed in range(3)}
    assert len(orders) == 3


def paths(*sizes: int) -> list[Record]:
    """Rows "q<prompt>" answered "<prompt>/<path>", so many paths to each prompt."""
    return [
        Record((user(f"第{q}? 🙂"),), f"{q}/{n}", Provenance("answers", index=n), target=f"t{q}")
        for q, size in enumerate(sizes)
        for n in range(size)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_completions_are_all_there_and_none_is_of_its_own_prompt(seed: int) -> None:
    rows = paths(4, 1, 2, 3)
    made = as_text(rows, Format(completions="shuffled"), seed)
    assert [(r.id, r.messages, r.target) for r in made] == [
        (r.id, r.messages, r.target) for r in rows
    ]
    assert sorted(r.completion for r in made) == sorted(r.completion for r in rows)
    assert all(
        r.completion.split("/")[0] != old.completion.split("/")[0]
        for r, old in zip(made, rows, strict=True)
    )
    assert as_text(rows, Format(completions="shuffled"), seed) == made
    assert as_text(rows, Format(completions="shuffled"), seed, side="test") == rows
    arrow = [row(f"q{n}", rationale=f"r{n}") for n in range(6)]
    whole = as_text(arrow, Format(text="arrow", completions="shuffled"), seed)
    texts = [f" r{n} --> 7" for n in range(6)]
    assert sorted(r.completion for r in whole) == texts
    assert all(r.completion != text for r, text in zip(whole, texts, strict=True))


def test_completions_without_another_prompt_cannot_be_shuffled() -> None:
    with pytest.raises(UserError, match=r"format\.completions is shuffled, but 3 of 4 train rows"):
        as_text(paths(3, 1), Format(completions="shuffled"), 0)


def test_a_completion_that_was_cut_off_goes_to_no_other_prompt() -> None:
    rows = [row(f"q{n}", n) for n in range(5)]
    cut = Record((user("long"),), "half an", Provenance("t"), meta={"finish_reason": "length"})
    made = as_text([*rows, cut], Format(completions="shuffled"), 0)
    assert made[-1] == cut  # the training leaves it out, with its own prompt
    assert all(r.completion != "half an" for r in made[:-1])


def test_targets_take_the_place_of_completions_on_every_side_but_test() -> None:
    rows = paths(2, 1)
    gold = Format(completions="target")
    for side in ("train", "valid"):
        assert [r.completion for r in as_text(rows, gold, 0, side=side)] == ["t0", "t0", "t1"]
    assert as_text(rows, gold, 0, side="test") == rows
    wrong = row("q", answer="8", answer_text="eight", check={"status": "wrong"})
    answers = Format(text="answer", completions="target")
    assert as_text([wrong], answers, 0)[0].completion == " 7"
    assert as_text([wrong], answers, 0, side="test")[0].completion == " eight"
    bare = Record((user("q"),), "x", Provenance("t"))
    with pytest.raises(
        UserError, match=rf"format\.completions is target, and the record {bare.id}"
    ):
        as_text([*rows, bare], gold, 0)


def test_only_the_train_side_has_fewer_rows_and_those_without_the_text_count_for_none() -> None:
    rows = [*[row(f"q{n}", rationale="r") for n in range(8)], row("without")]
    section = Format(text="arrow", rows=8)
    assert len(as_text(rows, section, 0, on_left=lambda reason: None)) == 8
    assert len(as_text(rows[:8], Format(rows=3), 0)) == 3
    assert len(as_text(rows[:8], Format(rows=3), 0, side="valid")) == 8
    with pytest.raises(UserError, match=r"format\.rows asks for 9 training rows, and there are 8"):
        as_text(rows, Format(text="arrow", rows=9), 0, on_left=lambda reason: None)
