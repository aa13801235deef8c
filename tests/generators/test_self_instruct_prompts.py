"""The prompts of `self_instruct`: their demos, their last character, and what they do to values."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.prompts import fill, load_prompt

DATASETS = Path(__file__).parents[2] / "datasets"
# What a template engine, a JSON writer or an ASCII habit would break.
HARD = 'Fülle {{ die }} {% Lücke %} {# hier #}: "<b>" & \\frac{1}{2}, 中文, عربي, 🎈, e\u0301'
TASKS = (
    {"instruction": "Add the numbers.", "input": "1 and 2", "output": "3"},
    {"instruction": "翻译成英语。", "input": "你好", "output": "Hello"},
    {"instruction": "Sing.", "input": "", "output": "La,\n\tla\\la"},
)
VALUES: dict[str, dict[str, Any]] = {
    "self_instruct_instructions_base.v1": {"instructions": ["A b?"] * 8, "classification": False},
    "self_instruct_instructions_chat.v1": {
        "instructions": ["A b?"] * 8,
        "classification": False,
        "count": 8,
    },
    "self_instruct_classify_base.v1": {"instruction": "A b?"},
    "self_instruct_classify_chat.v1": {"instruction": "A b?"},
    "self_instruct_output_first_base.v1": {"instruction": "A b?"},
    "self_instruct_output_first_chat.v1": {"instruction": "A b?", "count": 5},
    "self_instruct_input_first_base.v1": {"instruction": "A b?"},
    "self_instruct_input_first_chat.v1": {"instruction": "A b?", "count": 5},
    "tasks_base.v1": {"tasks": TASKS, "count": 20},
    "tasks_chat.v1": {"tasks": TASKS, "count": 20},
    "evolve_constraints.v1": {"prompt": "A b?"},
    "evolve_deepen.v1": {"prompt": "A b?"},
    "evolve_concretise.v1": {"prompt": "A b?"},
    "evolve_reasoning.v1": {"prompt": "A b?"},
    "evolve_complicate_input.v1": {"prompt": "A b?"},
    "evolve_breadth.v1": {"prompt": "A b?"},
    "evolve_gain.v1": {"first": "A b?", "second": "A c?"},
}
# A model that reads raw text goes on exactly where these end.
ENDS = {
    "self_instruct_instructions_base.v1": "\n8. A b?\n9.",
    "self_instruct_classify_base.v1": "\n\nTask: A b?\nIs it classification?",
    "self_instruct_output_first_base.v1": "\n\nTask: A b?\n",
    "self_instruct_input_first_base.v1": "\n\nTask: A b?\n",
    "tasks_base.v1": "\n3. Output:\nLa,\n\tla\\la\n###\n4. Instruction:",
    "evolve_constraints.v1": "\n\nPrompt:\nA b?\n\nRewritten prompt:",
    "evolve_deepen.v1": "\n\nPrompt:\nA b?\n\nRewritten prompt:",
    "evolve_concretise.v1": "\n\nPrompt:\nA b?\n\nRewritten prompt:",
    "evolve_reasoning.v1": "\n\nPrompt:\nA b?\n\nRewritten prompt:",
    "evolve_complicate_input.v1": "\n\nPrompt:\nA b?\n\nRewritten prompt:",
    "evolve_breadth.v1": "\n\nPrompt:\nA b?\n\nNew prompt:",
    "evolve_gain.v1": "\nVerdict:",
}


def demos(version: str) -> list[tuple[str, list[str]]]:
    """The worked tasks of a prompt: each task with the lines below it, the open one left out."""
    blocks = fill(version, VALUES[version]).strip("\n").split("\n\n")
    tasks = [block.split("\n") for block in blocks if block.startswith("Task: ")]
    return [(lines[0].removeprefix("Task: "), lines[1:]) for lines in tasks[:-1]]


def swapped(value: Any, new: str) -> Any:
    """The value with every text in it replaced."""
    if isinstance(value, str):
        return new
    if isinstance(value, dict):
        return {key: swapped(inner, new) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [swapped(inner, new) for inner in value]
    return value


def test_every_prompt_of_the_generator_is_tested_here() -> None:
    folder = resources.files("limbeck.generators") / "prompts"
    names = {file.name.removesuffix(".txt") for file in folder.iterdir()}
    ours = {n for n in names if n.startswith(("self_instruct_", "tasks_", "evolve_"))}
    assert ours == set(VALUES)


@pytest.mark.parametrize(("version", "end"), ENDS.items())
def test_a_prompt_to_be_continued_ends_where_the_answer_begins(version: str, end: str) -> None:
    assert fill(version, VALUES[version]).endswith(end)


@pytest.mark.parametrize("version", VALUES)
def test_a_prompt_begins_at_once_and_has_no_loose_space(version: str) -> None:
    text = fill(version, VALUES[version])
    assert not text[0].isspace()
    assert not re.search(r"[ \t]\n|\n\n\n|[ \t]\Z|\n\n\Z", text)


@pytest.mark.parametrize("version", VALUES)
def test_every_field_is_used_and_none_may_be_missing(version: str) -> None:
    values = VALUES[version]
    for name in values:
        left = {key: value for key, value in values.items() if key != name}
        with pytest.raises(jinja2.UndefinedError, match=f"'{name}' is undefined"):
            fill(version, left)


@pytest.mark.parametrize("version", VALUES)
def test_every_character_of_a_value_survives(version: str) -> None:
    values = VALUES[version]
    count = fill(version, swapped(values, HARD)).count(HARD)
    in_json = fill(version, swapped(values, HARD)).count(json.dumps(HARD, ensure_ascii=False))
    texts = sum(
        9 if isinstance(value, tuple) else 8 if isinstance(value, list) else 1
        for value in values.values()
        if isinstance(value, str | list | tuple)
    )
    assert count + in_json == texts


@pytest.mark.parametrize("classification", [True, False])
def test_the_instructions_are_numbered_one_a_line(classification: bool) -> None:
    instructions = [f"Do {letter}." for letter in "abcdefgh"]
    values = {"instructions": instructions, "classification": classification}
    lead, *lines = fill("self_instruct_instructions_base.v1", values).split("\n")
    assert ("classification" in lead) is classification
    assert lines == [f"{n}. {text}" for n, text in enumerate(instructions, 1)] + ["9."]


def test_there_may_be_fewer_instructions() -> None:
    values = {"instructions": ["Do a.", "Do b."], "classification": False}
    assert fill("self_instruct_instructions_base.v1", values).endswith("\n2. Do b.\n3.")


def test_only_classification_tasks_are_asked_to_name_their_labels() -> None:
    values = VALUES["self_instruct_instructions_chat.v1"]
    plain = fill("self_instruct_instructions_chat.v1", values)
    labels = fill("self_instruct_instructions_chat.v1", values | {"classification": True})
    assert "label" not in plain
    assert "names its possible labels" in labels


def test_the_classify_demos_are_12_yes_and_19_no_well_mixed() -> None:
    answers = [line for _, [line] in demos("self_instruct_classify_base.v1")]
    letters = "".join(
        {"Yes": "Y", "No": "N"}[a.removeprefix("Is it classification? ")[:3]] for a in answers
    )
    assert letters.count("Y") == 12
    assert letters.count("N") == 19
    assert not re.search("YYY|NNNN", letters)
    half = letters[:15].count("Y")
    assert 4 <= half <= 8


def test_the_classify_chat_demos_are_balanced() -> None:
    answers = [line for _, [line] in demos("self_instruct_classify_chat.v1")]
    assert sorted(answers) == ["Is it classification? No"] * 3 + ["Is it classification? Yes"] * 3


def test_output_first_has_16_demos_with_34_labels() -> None:
    tasks = demos("self_instruct_output_first_base.v1")
    assert len(tasks) == 16
    counts = []
    for task, lines in tasks:
        assert lines[0].startswith("Class label: ")
        labels = [line for line in lines if line.startswith("Class label: ")]
        assert len(set(labels)) == len(labels), task
        assert all(re.match(r"[^\W\d][^:]*: \S", line) for line in lines), task
        counts.append(len(labels))
    assert sum(counts) == 34
    assert 1 in counts  # a task that needs no input: the label stands alone
    assert counts.count(2) > counts.count(3) > 0


def test_the_first_label_of_a_demo_is_not_always_the_one_the_task_names_first() -> None:
    first = []
    for task, lines in demos("self_instruct_output_first_base.v1"):
        labels = [x.removeprefix("Class label: ") for x in lines if x.startswith("Class label: ")]
        places = [task.find(label) for label in labels]
        if len(labels) > 1 and min(places) >= 0:
            first.append(places[0] == min(places))
    assert len(first) >= 8
    assert True in first
    assert False in first


def test_input_first_has_11_demos_of_every_shape() -> None:
    tasks = demos("self_instruct_input_first_base.v1")
    assert len(tasks) == 11
    counts = []
    for task, lines in tasks:
        numbers = [line for line in lines if line.startswith("Example ")]
        assert numbers == [f"Example {n}" for n in range(1, len(numbers) + 1)]
        outputs = sum(line.startswith("Output:") for line in lines)
        assert outputs == max(1, len(numbers)), task
        assert lines[0].startswith("Example 1" if numbers else "Output:"), task
        counts.append(len(numbers))
    assert counts.count(0) == 4
    assert counts.count(1) == 2
    assert counts.count(2) == 5


def test_whole_tasks_are_laid_out_in_numbered_blocks() -> None:
    text = fill("tasks_base.v1", {"tasks": TASKS, "count": 20})
    assert "20 varied tasks" in text
    assert text.split("The 20 tasks:\n")[1] == (
        "###\n1. Instruction: Add the numbers.\n1. Input:\n1 and 2\n1. Output:\n3\n"
        "###\n2. Instruction: 翻译成英语。\n2. Input:\n你好\n2. Output:\nHello\n"
        "###\n3. Instruction: Sing.\n3. Input:\n<noinput>\n3. Output:\nLa,\n\tla\\la\n"
        "###\n4. Instruction:"
    )


def listed(text: str) -> Any:
    """The JSON list that a chat prompt shows."""
    return json.loads(re.split(r"\n\nWrite a JSON list", text.split(":\n\n", 1)[1])[0])


@given(st.lists(st.text(st.characters(exclude_categories=("Cc", "Cs"))), min_size=1))
def test_a_chat_prompt_shows_its_instructions_as_the_json_it_asks_for(texts: list[str]) -> None:
    values = {"instructions": texts, "classification": False, "count": 8}
    assert listed(fill("self_instruct_instructions_chat.v1", values)) == texts


def test_a_chat_prompt_shows_its_tasks_as_the_json_it_asks_for() -> None:
    assert listed(fill("tasks_chat.v1", {"tasks": TASKS, "count": 20})) == list(TASKS)


@pytest.mark.parametrize("stage", ["output_first", "input_first"])
def test_the_chat_demos_of_instances_are_the_json_they_ask_for(stage: str) -> None:
    version = f"self_instruct_{stage}_chat.v1"
    inputs = set()
    for _, lines in demos(version):
        for pair in json.loads(lines[-1]):
            assert set(pair) == {"input", "output"}
            assert pair["output"]
            inputs.add(pair["input"])
    assert ("" in inputs) is (stage == "input_first")


@pytest.mark.parametrize("version", [v for v in VALUES if "count" in VALUES[v]])
def test_the_count_is_asked_for(version: str) -> None:
    assert "17" not in load_prompt(version).text
    assert re.search(r"\b17\b", fill(version, VALUES[version] | {"count": 17}))


@pytest.mark.parametrize("stage", ["classify", "output_first", "input_first"])
def test_demos_speak_several_languages(stage: str) -> None:
    text = load_prompt(f"self_instruct_{stage}_base.v1").text
    assert re.search("[\u4e00-\u9fff]", text)
    assert re.search("[ñ¿ü]", text)


@pytest.mark.skipif(not DATASETS.is_dir(), reason="needs the source tree")
@pytest.mark.parametrize("version", VALUES)
def test_no_prompt_holds_text_of_an_evaluation(version: str) -> None:
    """No question, no option of three words or more, no run of six words of any of them."""
    text = words(load_prompt(version).text)
    for row in evaluation_rows():
        options = [option for option in row["options"] if len(option.split()) >= 3]
        common = row["question"] == "Which sentence is correct?"
        for piece in [*options, *([] if common else [row["question"]])]:
            tokens = words(piece).split()
            for start in range(max(1, len(tokens) - 5)):
                run = " ".join(tokens[start : start + 6])
                assert f" {run} " not in f" {text} ", row["id"]


def evaluation_rows() -> list[dict[str, Any]]:
    files = sorted((DATASETS / "evals").glob("*.jsonl"))
    rows = [json.loads(line) for f in files for line in f.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 400
    return rows


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
