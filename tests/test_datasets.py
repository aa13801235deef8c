"""The data files: what datasets/README.md says of them is true."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from limbeck.questions import SETS, demos, make_questions
from limbeck.seeds import read_seeds

FOLDER = Path(__file__).resolve().parents[1] / "datasets"
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.jsonl"))
QUESTIONS = [name for name in FILES if name.startswith("questions/")]
# tasks/ has tests of its own, in test_dataset_tasks.py.
WRITTEN = [name for name in FILES if not name.startswith(("questions/", "tasks/"))]
EVALS = {"knowledge": 4, "language": 2}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="needs the source tree")


def rows(name: str) -> list[dict[str, Any]]:
    text = (FOLDER / name).read_bytes().decode("utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.removesuffix("\n").split("\n")]


def tokens(text: str) -> list[str]:
    """Words; in scripts without spaces, characters."""
    return re.findall(
        r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+", text.lower()
    )


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest common subsequence, by the textbook table."""
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            table[i + 1][j + 1] = (
                table[i][j] + 1 if a == b else max(table[i][j + 1], table[i + 1][j])
            )
    return table[-1][-1]


def nearest(texts: Sequence[str], above: float) -> float:
    """The highest ROUGE-L F of any two texts, or `above` when none is higher."""
    bags = [(words, Counter(words)) for words in map(tokens, texts)]
    for (one, bag), (other, other_bag) in combinations(bags, 2):
        size = len(one) + len(other)
        # No subsequence is longer than what the two bags of words share.
        if 2 * (bag & other_bag).total() > above * size:
            above = max(above, 2 * common(one, other) / size)
    return above


def test_the_independent_rouge_l_is_rouge_l() -> None:
    assert common(list("ABCBDAB"), list("BDCABA")) == 4
    assert nearest(["a b c d", "a c d e"], 0.0) == pytest.approx(2 * 3 / 8)
    assert nearest(["a b", "c d"], 0.3) == 0.3


# The README


def table() -> dict[str, list[str]]:
    lines = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "`" in line]
    return {cells[0].strip("`"): cells[1:] for cells in found if len(cells) == 6}


def test_the_readme_lists_every_file_and_no_other() -> None:
    assert sorted(table()) == FILES
    assert "PENDING" not in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_rows_source_licence_and_hash_are_as_the_readme_says(name: str) -> None:
    count, about, source, licence, sha = table()[name]
    assert int(count) == len(rows(name))
    assert about
    assert source
    assert licence == "Apache-2.0"
    assert sha == f"`{hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()}`"


@pytest.mark.parametrize("name", WRITTEN)
def test_the_example_in_the_readme_is_a_row_of_the_file(name: str) -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    section = text.split(f"\n## {name}\n")[1].split("\n## ")[0]
    (example,) = re.findall(r"```json\n(.*)\n```", section)
    assert json.loads(example) in rows(name)


@pytest.mark.parametrize("name", WRITTEN)
def test_ids_are_numbered_in_file_order(name: str) -> None:
    stem = Path(name).stem.removesuffix("s").replace("quickstart_", "")
    assert [row["id"] for row in rows(name)] == [f"{stem}_{n}" for n in range(len(rows(name)))]


@pytest.mark.parametrize("name", FILES)
def test_texts_are_clean(name: str) -> None:
    text = (FOLDER / name).read_bytes().decode("utf-8")
    assert "\r" not in text
    assert "\ufffd" not in text
    assert not re.search(r"\b(?:TODO|FIXME|lorem ipsum|language model|as an AI)\b", text, re.I)


def test_no_python_file_lies_in_datasets() -> None:
    assert list(FOLDER.rglob("*.py*")) == []


# questions/


def made(name: str) -> list[dict[str, Any]]:
    """What the README's commands write into a file of questions."""
    stem, _, part = Path(name).stem.rpartition("_")
    if part == "demos":
        return [question.row(solution=True) for question in demos(stem, 40)]
    counts = {"train": 200, "valid": 100, "test": 100}
    if stem == "simple_dates":
        counts |= {"train": 480, "test": 200}
    count = counts[part]
    return [question.row() for question in make_questions(stem, count, split=part)]


def test_every_question_set_has_a_file_of_each_split() -> None:
    expected = {f"questions/{name}_{part}.jsonl" for name in SETS for part in ("train", "test")}
    simple = {f"questions/simple_dates_{part}.jsonl" for part in ("demos", "valid")}
    assert {*QUESTIONS} == expected | simple


@pytest.mark.parametrize("name", QUESTIONS)
def test_question_files_are_what_the_commands_write(name: str) -> None:
    assert rows(name) == made(name)


def test_no_template_of_one_split_is_in_a_file_of_another() -> None:
    seen = {
        part: {row["template"] for name in QUESTIONS if f"_{part}." in name for row in rows(name)}
        for part in ("train", "valid", "test")
    }
    assert all(seen.values())
    for one, other in combinations(seen.values(), 2):
        assert one.isdisjoint(other)


def test_no_worked_example_is_a_question_that_the_teacher_is_asked() -> None:
    shown = {row["prompt"] for row in rows("questions/simple_dates_demos.jsonl")}
    for part in ("train", "valid", "test"):
        assert shown.isdisjoint(
            row["prompt"] for row in rows(f"questions/simple_dates_{part}.jsonl")
        )


# quickstart_prompts.jsonl


def test_quickstart_prompts_are_short_and_no_two_alike() -> None:
    found = rows("quickstart_prompts.jsonl")
    assert all(set(row) == {"id", "prompt"} for row in found)
    prompts = [row["prompt"] for row in found]
    assert all(5 <= len(prompt.split()) <= 25 for prompt in prompts)
    assert all(prompt == prompt.strip() for prompt in prompts)
    assert round(nearest(prompts, 0.5), 2) == 0.63
    assert len(read_seeds(FOLDER / "quickstart_prompts.jsonl")) == 440


# seed_tasks.jsonl


def test_seed_tasks_have_the_self_instruct_schema() -> None:
    found = rows("seed_tasks.jsonl")
    assert len(found) >= 175
    for row in found:
        assert list(row) == ["id", "name", "instruction", "instances", "is_classification"]
        assert re.fullmatch(r"[a-z0-9_]+", row["name"]), row["name"]
        assert row["instruction"] == row["instruction"].strip() != ""
        assert isinstance(row["is_classification"], bool)
        assert row["instances"]
        for instance in row["instances"]:
            assert list(instance) == ["input", "output"]
            assert isinstance(instance["input"], str)
            assert instance["output"].strip(), row["id"]
    assert len({row["name"] for row in found}) == len(found)
    assert len({row["instruction"] for row in found}) == len(found)


def test_a_sixth_of_the_seed_tasks_or_so_are_classification_with_short_labels() -> None:
    labelled = [row for row in rows("seed_tasks.jsonl") if row["is_classification"]]
    assert 25 <= len(labelled) <= 30
    for row in labelled:
        for instance in row["instances"]:
            assert len(instance["output"]) <= 60, row["id"]
            assert "\n" not in instance["output"]


def test_no_two_seed_instructions_are_alike() -> None:
    instructions = [row["instruction"] for row in rows("seed_tasks.jsonl")]
    assert nearest(instructions, 0.5) <= 0.7


def test_no_seed_task_repeats_an_instance() -> None:
    for row in rows("seed_tasks.jsonl"):
        inputs = [instance["input"] for instance in row["instances"]]
        assert len(set(inputs)) == len(inputs), row["id"]


def test_seed_tasks_are_seeds() -> None:
    found = rows("seed_tasks.jsonl")
    seeds = read_seeds(FOLDER / "seed_tasks.jsonl")
    assert len(seeds) == sum(len(row["instances"]) for row in found)
    assert all(seed.target for seed in seeds)


# The evaluations


@pytest.mark.parametrize("name", EVALS)
def test_items_are_valid(name: str) -> None:
    for row in rows(f"evals/{name}.jsonl"):
        assert list(row) == ["id", "question", "options", "answer", "topic"]
        assert row["question"].strip()
        assert len(row["options"]) == EVALS[name] == len({o.casefold() for o in row["options"]})
        assert all(option == option.strip() != "" for option in row["options"])
        assert type(row["answer"]) is int
        assert 0 <= row["answer"] < EVALS[name]


@pytest.mark.parametrize("name", EVALS)
def test_every_place_is_right_equally_often_so_that_no_fixed_guess_beats_chance(name: str) -> None:
    found = rows(f"evals/{name}.jsonl")
    counts = Counter(row["answer"] for row in found)
    assert set(counts.values()) == {len(found) // EVALS[name]}


def test_the_right_language_sentence_is_balanced_within_each_topic() -> None:
    counts = Counter((row["topic"], row["answer"]) for row in rows("evals/language.jsonl"))
    assert len(counts) == 20
    assert set(counts.values()) == {10}


def test_the_topics_of_the_knowledge_items_are_as_the_readme_says() -> None:
    counts = Counter(row["topic"] for row in rows("evals/knowledge.jsonl"))
    assert counts == {
        "arts": 20, "biology": 25, "chemistry": 20, "earth_space": 20, "everyday": 25,
        "geography": 25, "history": 25, "literature": 20, "physics": 20,
    }  # fmt: skip


@pytest.mark.parametrize("name", EVALS)
def test_no_item_stands_twice(name: str) -> None:
    found = rows(f"evals/{name}.jsonl")
    texts = {(row["question"], tuple(sorted(row["options"]))) for row in found}
    assert len(texts) == len(found)
    if name == "knowledge":
        assert len({row["question"].casefold() for row in found}) == len(found)


def test_the_longest_or_shortest_option_is_no_hint() -> None:
    found = rows("evals/knowledge.jsonl")
    for pick in (max, min):
        hits = sum(
            len(row["options"][row["answer"]]) == pick(map(len, row["options"])) for row in found
        )
        alone = sum(
            sum(len(o) == pick(map(len, row["options"])) for o in row["options"]) / 4
            for row in found
        )
        assert hits / len(found) < alone / len(found) + 0.15, pick


def test_language_options_differ_in_one_place() -> None:
    for row in rows("evals/language.jsonl"):
        one, other = (option.split() for option in row["options"])
        shared = common(one, other)
        if row["topic"] != "word_order":
            assert max(len(one), len(other)) - shared <= 3, row["id"]
        assert shared >= 1, row["id"]


def test_no_item_is_asked_in_the_quickstart_prompts() -> None:
    prompts = {" ".join(tokens(row["prompt"])) for row in rows("quickstart_prompts.jsonl")}
    for row in rows("evals/knowledge.jsonl"):
        assert " ".join(tokens(row["question"])) not in prompts, row["id"]
