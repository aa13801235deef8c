"""Seeds in the forms that people have; a row that cannot be used is named with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import DataError
from limbeck.record import Message, Record, content_hash, user
from limbeck.seeds import read_seeds, seeds_of


def seed_file(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "seeds.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def seed(tmp_path: Path, row: dict[str, Any], *, completion: str = "") -> Record:
    (record,) = read_seeds(seed_file(tmp_path, row))
    assert record.completion == completion
    assert record.provenance.generator == "seed"
    return record


def turns(*pairs: tuple[str, str], keys: tuple[str, str] = ("role", "content")) -> list[Any]:
    return [dict(zip(keys, pair, strict=True)) for pair in pairs]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"prompt": "Why?"}, (user("Why?"),)),
        ({"prompt": " 为什么？\n"}, (user(" 为什么？\n"),)),
        ({"messages": turns(("user", "Why?"))}, (user("Why?"),)),
        (
            {"messages": turns(("system", "Be kind."), ("user", "Why?"))},
            (Message("system", "Be kind."), user("Why?")),
        ),
        (
            {"messages": turns(("user", "a"), ("assistant", "b"), ("user", "c"))},
            (user("a"), Message("assistant", "b"), user("c")),
        ),
        (
            {"conversations": turns(("human", "Why?"), keys=("from", "value"))},
            (user("Why?"),),
        ),
        (
            {
                "conversations": turns(
                    ("system", "s"), ("user", "a"), ("gpt", "b"), ("human", "c"),
                    keys=("from", "value"),
                )
            },
            (Message("system", "s"), user("a"), Message("assistant", "b"), user("c")),
        ),
        ({"instruction": "Add.", "input": "1 + 1"}, (user("Add.\n\n1 + 1"),)),
        ({"instruction": "Sing.", "input": ""}, (user("Sing."),)),
        ({"instruction": "Sing."}, (user("Sing."),)),
        ({"instruction": "Sing.", "input": None}, (user("Sing."),)),
        ({"instruction": "Sing.", "input": "<noinput>"}, (user("Sing."),)),
        (
            {"instruction": "Add.", "instances": [{"input": "1 + 1", "output": "2"}]},
            (user("Add.\n\n1 + 1"),),
        ),
        ({"messages": None, "instances": None, "prompt": "Why?"}, (user("Why?"),)),
        ({"task": "mood", "input": "Wie schön 🙂", "options": ["+", "-"]}, (user("Wie schön 🙂"),)),
    ],
)  # fmt: skip
def test_every_accepted_form(
    tmp_path: Path, row: dict[str, Any], expected: tuple[Message, ...]
) -> None:
    assert seed(tmp_path, row).messages == expected


@pytest.mark.parametrize(
    ("row", "target"),
    [
        ({"prompt": "Why?"}, None),
        ({"prompt": "Why?", "completion": "Because."}, "Because."),
        ({"prompt": "Why?", "target": "So.", "completion": "Because."}, "So."),
        ({"messages": turns(("user", "Why?"), ("assistant", "Because."))}, "Because."),
        (
            {"messages": turns(("user", "Why?"), ("assistant", "Because.")), "target": "So."},
            "So.",
        ),
        (
            {
                "conversations": turns(
                    ("human", "Why?"), ("gpt", "Because."), keys=("from", "value")
                )
            },
            "Because.",
        ),
        ({"instruction": "Why?", "input": "", "output": "Because."}, "Because."),
        ({"instruction": "Why?", "instances": [{"input": "", "output": "Because."}]}, "Because."),
        ({"input": "Why?", "output": "Because."}, "Because."),
        ({"input": "Why?", "target": "So.", "completion": "Because."}, "So."),
        ({"input": "Why?", "output": None}, None),
    ],
)
def test_the_answer_that_a_row_has_is_its_target_and_never_a_message(
    tmp_path: Path, row: dict[str, Any], target: str | None
) -> None:
    # Beside a reference the completion stays one: what `given` holds against it.
    record = seed(tmp_path, row, completion="Because." if target == "So." else "")
    assert record.target == target
    assert record.messages == (user("Why?"),)


def test_a_self_instruct_row_gives_one_seed_an_instance(tmp_path: Path) -> None:
    row = {
        "id": "seed_task_0",
        "instruction": "Add.",
        "instances": [{"input": "1 + 1", "output": "2"}, {"input": "2 + 2", "output": "4"}],
    }
    one, two = read_seeds(seed_file(tmp_path, row))
    assert (one.prompt, one.target) == ("Add.\n\n1 + 1", "2")
    assert (two.prompt, two.target) == ("Add.\n\n2 + 2", "4")
    assert one.meta == {"instruction": "Add.", "input": "1 + 1"}
    assert one.provenance.parents == two.provenance.parents == ("seed_task_0",)
    assert one.id != two.id


def test_the_row_of_a_task_keeps_its_input_and_its_options(tmp_path: Path) -> None:
    row = {
        "task": "心情",
        "id": "a-1",
        "input": "好极了！",
        "output": "正",
        "options": ["正", "负"],
    }
    record = seed(tmp_path, row)
    assert record.meta == {"input": "好极了！", "options": ("正", "负"), "task": "心情"}
    assert (record.target, record.provenance.parents) == ("正", ("a-1",))


def test_the_same_input_in_another_task_or_with_other_options_is_another_seed(
    tmp_path: Path,
) -> None:
    one = {"task": "a", "input": "x", "output": "y", "options": ["y", "n"]}
    rows = [one, {**one, "task": "b"}, {**one, "options": ["y", "z"]}, {**one, "output": "n"}]
    found = read_seeds(seed_file(tmp_path, *rows))
    assert [(s.meta["task"], s.meta["options"], s.target) for s in found] == [
        ("a", ("y", "n"), "y"), ("b", ("y", "n"), "y"), ("a", ("y", "z"), "y")
    ]  # fmt: skip


def test_task_and_id_are_kept(tmp_path: Path) -> None:
    record = seed(tmp_path, {"prompt": "Why?", "task": "open", "id": 7, "colour": "red"})
    assert record.meta == {"task": "open"}
    assert record.provenance.parents == ("7",)


def test_the_id_depends_on_the_messages_alone(tmp_path: Path) -> None:
    record = seed(tmp_path, {"prompt": "Why?"})
    assert record.id == content_hash([["user", "Why?"]])
    assert seed(tmp_path, {"prompt": "Why?", "completion": "x", "id": "other"}).id == record.id
    assert seed(tmp_path, {"messages": turns(("user", "Why?"))}).id == record.id


def test_seeds_come_in_file_order_and_equal_ones_once(tmp_path: Path) -> None:
    path = seed_file(tmp_path, *({"prompt": p} for p in "cabac"))
    assert [record.prompt for record in read_seeds(path)] == ["c", "a", "b"]
    assert [record.prompt for record in read_seeds(path, limit=2)] == ["c", "a"]
    assert len(read_seeds(path, limit=99)) == 3


def test_a_limit_cuts_inside_a_row_and_reads_no_further(tmp_path: Path) -> None:
    row = {"instruction": "x", "instances": [{"input": str(n), "output": ""} for n in range(5)]}
    path = seed_file(tmp_path, row, {"nothing": 1})
    assert [record.meta["input"] for record in read_seeds(path, limit=3)] == ["0", "1", "2"]


BAD: list[tuple[Any, str]] = [
    ({}, "no prompt found"),
    ({"question": "Why?"}, "no prompt found: a seed has prompt, messages, conversations"),
    ({"prompt": None}, "no prompt found"),
    ({"prompt": ""}, "prompt must be a text that is not empty, got ''"),
    ({"prompt": " \n"}, "prompt must be a text that is not empty"),
    ({"prompt": 3}, "prompt must be a text that is not empty, got 3"),
    ({"prompt": ["Why?"]}, "prompt must be a text"),
    ({"prompt": "Why?", "completion": 3}, "the answer of a seed must be text, got 3"),
    ({"messages": []}, "a seed must end with a user turn"),
    ({"messages": "Why?"}, "are lists of objects"),
    ({"messages": ["Why?"]}, "are lists of objects"),
    ({"messages": {"role": "user", "content": "x"}}, "are lists of objects"),
    ({"messages": turns(("system", "s"))}, "a seed must end with a user turn"),
    ({"messages": turns(("assistant", "s"))}, "a seed must end with a user turn"),
    ({"messages": turns(("user", " "))}, "the user turn must be a text that is not empty"),
    (
        {"messages": turns(("robot", "s"))},
        "developer, tool, got 'robot'",
    ),
    ({"messages": [{"content": "x"}]}, "role must be one of"),
    ({"messages": [{"role": "user"}]}, "content must be text, got NoneType"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "content must be text"),
    ({"conversations": [{"value": "x"}]}, "the key 'from' is missing"),
    ({"conversations": [{"from": "human"}]}, "the key 'value' is missing"),
    ({"conversations": [{"from": "bing", "value": "x"}]}, "got 'bing'"),
    ({"conversations": [{"from": ["human"], "value": "x"}]}, "role must be one of"),
    ({"instruction": ""}, "instruction must be a text that is not empty"),
    ({"instruction": "x", "input": 42}, "input must be text, got 42"),
    ({"instruction": "x", "output": 42}, "the answer of a seed must be text, got 42"),
    ({"instances": [{"input": "x"}]}, "the key 'instruction' is missing"),
    ({"instruction": "x", "instances": []}, "instances is empty"),
    ({"instruction": "x", "instances": ["y"]}, "are lists of objects"),
    ({"prompt": "x\ud83d"}, "half a character (a lone surrogate)"),
    ({"messages": turns(("system", "\udfff"), ("user", "a"))}, "half a character"),
    ({"prompt": "Why?", "target": "\ud83d"}, "half a character"),
    ({"prompt": "Why?", "target": "x", "options": ["x", "y\udc00"]}, "half a character"),
    ({"prompt": "Why?", "solution": "\ud83d", "target": "x"}, "half a character"),
    ({"prompt": "Why?", "id": "\ud83d"}, "half a character"),
    ({"input": " ", "output": "x"}, "input must be a text that is not empty"),
    ({"input": "x", "output": ""}, "output must be a text that is not empty"),
    ({"input": "x", "options": "yes"}, "options must be a list of texts, got 'yes'"),
    ({"input": "x", "output": "z", "options": ["y", "n"]}, "'z' is none of the options 'y', 'n'"),
    ([], "not an object but a list"),
    ("Why?", "not an object but text"),
]


@pytest.mark.parametrize(("row", "why"), BAD)
def test_a_bad_row_is_named_with_its_line_and_reason(tmp_path: Path, row: Any, why: str) -> None:
    path = seed_file(tmp_path, {"prompt": "a"}, row, {"prompt": "b"})
    with pytest.raises(DataError) as caught:
        read_seeds(path)
    assert str(caught.value).startswith(f"{path}, line 2: ")
    assert why in str(caught.value)
    assert (caught.value.path, caught.value.line) == (path, 2)


def test_bad_rows_go_to_on_bad_where_it_is_given(tmp_path: Path) -> None:
    path = seed_file(tmp_path, *(row for row, _ in BAD), {"prompt": "good"})
    path.write_bytes(b"{torn\n\xff\n" + path.read_bytes())
    bad: list[DataError] = []
    assert [record.prompt for record in read_seeds(path, on_bad=bad.append)] == ["good"]
    assert [error.line for error in bad] == list(range(1, len(BAD) + 3))


def test_a_file_with_no_usable_seed_is_an_error(tmp_path: Path) -> None:
    path = seed_file(tmp_path)
    with pytest.raises(DataError, match=f"{path} has no usable seed"):
        read_seeds(path)
    path = seed_file(tmp_path, {"nothing": 1})
    with pytest.raises(DataError, match="no usable seed"):
        read_seeds(path, on_bad=lambda error: None)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_seeds(tmp_path / "none.jsonl")


def test_separators_and_template_marks_in_a_prompt_stay(tmp_path: Path) -> None:
    for text in ("a\u2028b", "{{ x }}", "🙂"):
        assert seed(tmp_path, {"prompt": text}).prompt == text
        assert seed(tmp_path, {"instruction": text}).prompt == text


def test_is_classification_is_the_task_unless_the_row_names_one() -> None:
    rows: list[dict[str, Any]] = [
        {
            "instruction": "A",
            "instances": [{"input": "x", "output": "y"}],
            "is_classification": True,
        },
        {"prompt": "B", "is_classification": False},
        {"prompt": "C", "is_classification": True, "task": "dates"},
        {"prompt": "D", "is_classification": "yes"},
    ]
    found = [seed.meta.get("task") for row in rows for seed in seeds_of(row)]
    assert found == ["classification", "generation", "dates", None]


SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"prompt": "q", "target": "3"}, {"prompt": "q", "target": "3 ", "id": 2}),
    ({"prompt": "q", "completion": "One way."}, {"prompt": "q", "completion": "Another."}),
    ({"instruction": "q", "output": "One way."}, {"instruction": "q", "output": "Another."}),
    (
        {"messages": turns(("user", "q"), ("assistant", "Hi."))},
        {"messages": turns(("user", "q"), ("assistant", "Hello."))},
    ),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_an_equal_question_stands_once_whatever_else_can_be_answered(
    tmp_path: Path, one: dict[str, Any], two: dict[str, Any]
) -> None:
    [record] = read_seeds(seed_file(tmp_path, one, two))
    assert record == next(seeds_of(one))


@pytest.mark.parametrize(
    "other",
    [{"target": "C"}, {"completion": "C"}, {}, {"target": "B", "options": ["x", "z"]}],
)
def test_one_question_with_two_targets_is_named_with_both_lines(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    one = {"prompt": "q", "target": "B", "options": ["x", "y"]}
    path = seed_file(tmp_path, {"prompt": "a"}, one, {"prompt": "b"}, {"prompt": "q", **other})
    with pytest.raises(DataError, match="line 4: line 2 has the same question") as caught:
        read_seeds(path)
    assert caught.value.line == 4
    bad: list[DataError] = []
    found = read_seeds(path, on_bad=bad.append)
    assert [(seed.prompt, seed.target) for seed in found] == [("a", None), ("q", "B"), ("b", None)]
    assert [error.line for error in bad] == [4]
