"""Record filter `contamination` and tasks: rows as the evaluation, prompts with demos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.contamination.texts import questions_of
from limbeck.filters.contamination import Contamination, read_asked
from limbeck.record import Message, Provenance, Record, user
from tests.filters.test_contamination import reasons, row, write

TASK_ROWS = [
    {"task": "mood", "id": "m-1", "input": "Free coffee!", "output": "ok", "options": ["ok", "no"]},
    {
        "task": "天气",
        "id": 7,
        "input": "路面积水\n没过脚踝",
        "output": "下雨",
        "options": ["下雨", "晴"],
    },
    {"task": "free", "input": "Add.\n(A) 1\n(B) 2", "output": "3"},
]


def test_a_rows_question_is_its_input_whatever_its_options(tmp_path: Path) -> None:
    path = write(tmp_path / "target.jsonl", TASK_ROWS)
    assert read_asked(path) == [
        ("m-1", ("Free coffee!", ())),
        ("7", ("路面积水\n没过脚踝", ())),
        ("2", ("Add.", ("1", "2"))),
    ]
    judge = Contamination(against=(path,))
    asked = ["free  COFFEE!", "Free coffee!\n(A) good\n(B) bad", "路面积水 没过脚踝", "Free tea!"]
    assert reasons(judge, *asked) == ["same", "same", "same", ""]
    [verdict] = judge.judge([row("Free coffee!")])
    assert verdict.nearest == "target/m-1"


def shown(form: str, instruction: str = "", demos: int = 2) -> Record:
    """A record of the generator demonstrations, written by hand; its demos are in the order d2,
    d1."""
    told = [("Kites\nare up", "good"), ("雨伞忘在地铁里了", "下雨")][:demos]
    query = "How is it?\nFine"
    meta: dict[str, Any] = {"input": query, "demos": ["d2", "d1"][:demos]}
    if instruction:
        meta["instruction"] = instruction
    if form == "base":
        text = "".join(f"{given}\n{output}\n\n\n" for given, output in told) + f"{query}\n"
        text = f"{instruction}\n\n{text}" if instruction else text
        return Record((user(text),), "x", Provenance("t", template="raw"), meta=meta)
    turns = [Message("system", instruction)] if instruction else []
    for asked, output in told:
        turns += [user(asked), Message("assistant", output)]
    return Record((*turns, user(query)), "x", Provenance("t"), meta=meta)


@pytest.mark.parametrize("instruction", ["", "Say how it is.\n\nBriefly."])
@pytest.mark.parametrize("form", ["chat", "base"])
def test_a_prompt_with_demos_asks_its_query_and_what_they_ask(form: str, instruction: str) -> None:
    record = shown(form, instruction)
    assert questions_of(record) == ("How is it?\nFine", "雨伞忘在地铁里了", "Kites\nare up")
    assert questions_of(shown(form, instruction, demos=0)) == ("How is it?\nFine",)


@pytest.mark.parametrize("form", ["chat", "base"])
@pytest.mark.parametrize("held_out", ["how is it? fine", "雨伞忘在地铁里了", "Kites are up"])
def test_a_record_is_refused_for_its_query_or_any_of_its_demos(
    tmp_path: Path, form: str, held_out: str
) -> None:
    path = write(tmp_path / "t.jsonl", [{"task": "x", "input": held_out, "output": "y"}])
    [verdict] = Contamination(against=(path,)).judge([shown(form)])
    assert (verdict.keep, verdict.reason, verdict.nearest) == (False, "same", "t/0")
    other = write(tmp_path / "o.jsonl", [{"task": "x", "input": "Another", "output": "y"}])
    assert Contamination(against=(other,)).judge([shown(form)])[0].keep


def test_the_strictest_of_several_hits_is_the_reason(tmp_path: Path) -> None:
    both = [{"input": "I see 3 kites"}, {"input": "I see 4 dogs"}]
    turns = (user("I see 4 dogs"), Message("assistant", "x"), user("I see 7 kites"))
    record = Record(turns, "x", Provenance("t"), meta={"demos": ["d"], "input": "I see 7 kites"})
    [verdict] = Contamination(against=(write(tmp_path / "t.jsonl", both),)).judge([record])
    assert (verdict.reason, verdict.nearest) == ("same", "t/1")


def test_turns_that_are_no_demos_are_one_question() -> None:
    """A chat whose earlier turns the query is about, and an example that stands in no record."""
    turns = row("We talk of numbers.", "Fine.", "Is 7 a prime?")
    assert questions_of(turns) == ("We talk of numbers.\nFine.\nIs 7 a prime?",)
    meta = {"demos": ["a", "b"], "input": "Is 7 a prime?"}
    solved = Record((user("Be brief. Is 7 a prime?"),), "x", Provenance("t"), meta=meta)
    assert questions_of(solved) == ("Be brief. Is 7 a prime?",)
