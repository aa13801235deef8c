"""Record filter `contamination`: the evaluation's questions are refused, other rows are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.contamination.known import Known
from limbeck.errors import DataError, UserError
from limbeck.filters.contamination import Contamination, read_asked
from limbeck.protocols import Filter
from limbeck.questions import masked_overlap
from limbeck.questions.likeness import REASONS, Reason
from limbeck.record import Message, Provenance, Record, user
from limbeck.registry import build

TEST = [
    {"id": "kites", "prompt": "Ada had 3 kites. She bought 4. How many now?", "target": "7"},
    {"prompt": "今天是5月3日。明天是几号？", "target": "5月4日"},
    {"id": 9, "question": "Is 7 a prime?", "options": ["yes", "no"], "answer": 0},
]
NEW = "José paints 9 doors. Wie viele sind es?"


def write(path: Path, rows: list[Any]) -> Path:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(lines, encoding="utf-8")
    return path


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    return write(tmp_path / "tests.jsonl", TEST)


def row(*turns: str, number: int = 0) -> Record:
    roles = ["user", "assistant"] * len(turns)
    messages = [Message(role, text) for role, text in zip(roles, turns, strict=False)]  # type: ignore[arg-type]
    return Record(tuple(messages), "x", Provenance("t", index=number))


def reasons(judge: Contamination, *questions: str) -> list[str]:
    return [verdict.reason for verdict in judge.judge([row(text) for text in questions])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada had 3 kites. She bought 4. How many now?", "same"),
        ("  ADA had 3 kites. She  bought ４. How many now?", "same"),
        ("王芳 had 12 kites. He bought 95. How many now?", "template"),
        ("今天是12月25日。明天是几号？", "template"),
        ("Is 91 a prime?", "template"),
        ("Bo had 8 kites. She bought 1. Is that enough?", "context"),
        ("Ada had 3 kites. How many now?", ""),
        ("Is 7 even?", ""),
        (NEW, ""),
    ],
)
def test_every_way_to_be_the_same_has_its_reason_and_each_level_includes_the_stricter(
    tests: Path, text: str, expected: str
) -> None:
    for level, by in enumerate(REASONS):
        reached = bool(expected) and REASONS.index(expected) <= level
        [verdict] = Contamination(by, (tests,)).judge([row(text)])
        assert verdict.reason == (expected if reached else "")
        assert verdict.keep is not reached
        assert verdict.score is None


def test_a_verdict_names_the_file_and_the_item(tests: Path) -> None:
    judge = Contamination(against=(tests,))
    asked = [row("Is 7 a prime?"), row("今天是1月2日。明天是几号？"), row(NEW)]
    verdicts = judge.judge(asked)
    assert [verdict.nearest for verdict in verdicts] == ["tests/9", "tests/1", None]
    assert [verdict.record for verdict in verdicts] == [record.id for record in asked]
    assert {verdict.filter for verdict in verdicts} == {"contamination"}
    assert isinstance(judge, Filter)


def test_what_is_asked_is_the_whole_conversation_without_its_system_turn(tests: Path) -> None:
    turn = user("Is 7 a prime?")
    told = Record((Message("system", "Be brief."), turn), "x", Provenance("t"))
    later = row("We talk of numbers.", "Fine.", "Is 7 a prime?")
    assert [v.keep for v in Contamination(against=(tests,)).judge([told, later])] == [False, True]


@pytest.mark.parametrize("text", ["???", "!", "…", "\u3000"])
def test_texts_without_words_are_one_only_where_they_are_the_same(text: str) -> None:
    known = Known([("marks", "?!"), ("one", "One sentence")])
    assert known.find(text, "context") is None
    hit = known.find("?!")
    assert hit is not None
    assert hit.reason == "same"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada had 3 kites. She bought 4. How many now? Let's think step by step.", "same"),
        ("Q: Ada had 3 kites. She bought 4. How many now?\nA:", "same"),
        ("Question: Bo had 5 kites. He bought 2. How many now?\n(A) 7\n(B) 3\nAnswer:", "template"),
        ("Bo had 8 kites. She bought 1. Is that enough?\n(A) yes\n(B) no", "context"),
        ("问题：今天是12月25日。明天是几号？请一步一步思考。", "template"),
        ("Is 7 a prime?\nA. yes\nB. no", "same"),
        ("Is 7 a prime? (A) maybe (B) no", "same"),
        ("Is 7 a prime? (A) red (B) blue", ""),
    ],
)
def test_a_prompt_around_a_question_hides_it_not(tests: Path, text: str, expected: str) -> None:
    assert reasons(Contamination("context", (tests,)), text) == [expected]


def test_affixes_of_the_evaluation_hide_nothing_either(tmp_path: Path) -> None:
    asked = [
        {"prompt": "Q: Is 7 a prime?\nOptions:\n- yes\n- no\nThink step by step."},
        {"question": "Welche Zahl ist gerade?\nAntwort:"},
    ]
    judge = Contamination(against=(write(tmp_path / "t.jsonl", asked),))
    assert reasons(judge, "Is 7 a prime?", "Welche Zahl ist gerade?", NEW) == ["same", "same", ""]


def test_one_question_with_other_options_is_another_question(tmp_path: Path) -> None:
    options = ["The ice is hot.", "A fly is red."]
    item = {"question": "Which is true?", "options": options, "answer": 0}
    judge = Contamination(against=(write(tmp_path / "items.jsonl", [item]),))
    other = "Which is true?\n(A) The sea is hot.\n(B) The sea is cold."
    moved = "Which is true?\n(A) Snow is red.\n(B) The ICE is hot."
    assert reasons(judge, other, moved, "Which is true?") == ["", "same", "same"]


def test_another_question_about_the_same_has_other_options() -> None:
    known = Known([("a", "Ada had 3 kites. How many now? (A) 7 (B) 8")])
    hit = known.find("Bo had 5 kites. Is that enough? (A) yes (B) no", "context")
    assert hit is not None
    assert hit.reason == "context"


def test_the_first_of_equal_questions_is_named() -> None:
    hit = Known([("a", "Is 3 odd?"), ("b", "Is 5 odd?")]).find("Is 4 odd?")
    assert hit is not None
    assert (hit.reason, hit.nearest) == ("template", "a")


WORDS = st.sampled_from(["Ada", "Bo", "3", "41", "kites", "dogs", "She", "has", ".", "?", "王芳"])
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=8)


@given(TEXTS, TEXTS)
def test_it_finds_what_the_overlap_table_counts(train: list[str], test: list[str]) -> None:
    known = Known((str(place), text) for place, text in enumerate(train))
    found = masked_overlap(train, test)
    reached: set[int] = set()
    ways: dict[Reason, tuple[int, ...]] = {
        "same": found.same, "template": found.shared, "context": found.context,
    }  # fmt: skip
    for by, places in ways.items():
        reached.update(places)
        hits = [place for place, text in enumerate(test) if known.find(text, by)]
        assert hits == sorted(reached)


def test_nothing_to_compare_with_is_a_sentence() -> None:
    with pytest.raises(UserError, match=r"nothing to compare with: eval\.tasks names no JSONL"):
        Contamination().judge([row(NEW)])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "a", "text": "x"}], "line 1: no prompt found"),
        ([TEST[0], {"question": "  "}], "line 2: no prompt found"),
        ([{"messages": [{"role": "user"}]}], "line 1: "),
        ([], "has no question"),
    ],
)
def test_a_file_without_questions_is_a_sentence(tmp_path: Path, rows: list[Any], said: str) -> None:
    path = write(tmp_path / "bad.jsonl", rows)
    with pytest.raises(DataError, match=said):
        Contamination(against=(path,)).judge([row(NEW)])
    with pytest.raises(DataError, match=r"cannot read .*missing\.jsonl: No such file"):
        Contamination(against=(tmp_path / "missing.jsonl",)).judge([row(NEW)])


def test_every_form_of_a_question_is_read(tmp_path: Path) -> None:
    instances = [{"input": "1 2", "output": "3"}, {"input": "4 5", "output": "9"}]
    rows = [
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "Why?"}]},
        {"id": "sums", "instruction": "Add.", "instances": instances},
    ]
    asked = read_asked(write(tmp_path / "f.jsonl", rows))
    assert [(name, found.question) for name, found in asked] == [
        ("0", "Why?"), ("sums", "Add.\n\n1 2"), ("sums", "Add.\n\n4 5"),
    ]  # fmt: skip


def test_several_files_are_one_test(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{n}.jsonl", [one]) for n, one in enumerate(TEST)]
    assert reasons(Contamination(against=tuple(files)), "Is 7 a prime?", NEW) == ["same", ""]


def test_what_was_refused_is_told_and_most_of_the_data_loudly(tests: Path) -> None:
    judge = Contamination(against=(tests,))
    assert judge.told() == ""
    reasons(judge, "Is 7 a prime?", "Is 8 a prime?", NEW, NEW)
    assert judge.told() == (
        "2 of 4 rows share a question with the evaluation (1 word for word, 1 but for numbers, "
        "dates and names) and were refused"
    )
    reasons(judge, "Is 10 a prime?")
    assert judge.told().startswith("3 of 5 rows share a question with the evaluation (1 word")
    assert "That is most of the data: take other questions" in judge.told()
    # From the counts of copies in other processes it is the same sentence.
    other = Contamination(against=(tests,))
    assert other.summary({}) == other.summary({"": 7}) == ""
    assert other.summary({"": 2, "same": 1, "template": 2}) == judge.told()


def test_it_is_built_from_a_recipes_options(tests: Path) -> None:
    judge = build("filters", "contamination", {"by": "same", "against": [str(tests)]})
    assert judge == Contamination("same", (tests,))
    for options in ({"by": "ngram"}, {"against": "tests.jsonl"}):
        with pytest.raises(UserError, match="filter 'contamination', option "):
            build("filters", "contamination", options)
