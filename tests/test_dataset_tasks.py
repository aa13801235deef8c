"""The labelled tasks of datasets/tasks: what datasets/README.md says of them is true."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from limbeck.demos import Demo, KnnVote, NearTexts, by_task, read_demos
from limbeck.seeds import read_seeds
from limbeck.task_split import TaskSplit
from limbeck.words import unicode_tokens

FOLDER = Path(__file__).resolve().parents[1] / "datasets"
TASKS = FOLDER / "tasks"
# The file of each part, and how many rows of a task it has.
PARTS = {"train": ("rows", 40), "pool": ("pool", 60), "test": ("test", 40)}
TRAIN = {"review_sentiment": 3, "asks_for": 5, "well_formed": 2, "language": 5}
TARGET = {"news_topic": 5, "support_intent": 5, "tone": 2, "follows": 3}
LABELS = TRAIN | TARGET

Parts = dict[str, dict[str, tuple[Demo, ...]]]

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="needs the source tree")


@pytest.fixture(scope="module")
def parts() -> Parts:
    """The rows of each part by task; read as demos, so every one has a valid label."""
    return {part: by_task(read_demos(TASKS / f"{name}.jsonl")) for part, (name, _) in PARTS.items()}


def of_task(parts: Parts, task: str) -> list[Demo]:
    return [row for tasks in parts.values() for row in tasks.get(task, ())]


def section() -> str:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    return text.split("\n## tasks/\n")[1].split("\n## ")[0]


def test_the_split_names_exactly_the_tasks_there_are(parts: Parts) -> None:
    split = TaskSplit.read(TASKS / "split.yaml")
    assert (split.train, split.target) == (tuple(TRAIN), tuple(TARGET))
    assert set(parts["train"]) == set(parts["pool"]) == {*split.train, *split.target}
    assert set(parts["test"]) == set(split.target)


def test_every_task_has_its_rows_with_ids_in_file_order(parts: Parts) -> None:
    for part, (_, count) in PARTS.items():
        for task, rows in parts[part].items():
            assert [row.id for row in rows] == [f"{task}-{part}-{n}" for n in range(count)]


def test_tasks_take_turns_in_the_files() -> None:
    for name, _ in PARTS.values():
        rows = read_demos(TASKS / f"{name}.jsonl")
        turn = [row.task for row in rows[: len({row.task for row in rows})]]
        assert [row.task for row in rows] == turn * (len(rows) // len(turn))


def test_the_options_of_a_task_are_the_same_in_all_rows(parts: Parts) -> None:
    for task, count in LABELS.items():
        (options,) = {row.options for row in of_task(parts, task)}
        assert len(options) == count
        assert not any(a != b and b.startswith(a) for a in options for b in options)


def test_labels_are_as_balanced_as_they_can_be_in_the_whole_and_in_a_beginning(
    parts: Parts,
) -> None:
    for tasks in parts.values():
        for task, rows in tasks.items():
            for size in range(LABELS[task], len(rows) + 1):
                counts = Counter(row.output for row in rows[:size])
                assert len(counts) == LABELS[task]
                slack = 1 if size % LABELS[task] == 0 or size == len(rows) else 2
                assert max(counts.values()) - min(counts.values()) <= slack, (task, size)


def test_inputs_are_short_and_clean(parts: Parts) -> None:
    for task in LABELS:
        for row in of_task(parts, task):
            assert 5 <= len(unicode_tokens(row.input)) <= 25, row.input
            assert row.input == " ".join(row.input.split())


def test_no_input_is_near_another_in_any_file_or_task(parts: Parts) -> None:
    every = [row for task in LABELS for row in of_task(parts, task)]
    near = NearTexts(every)
    assert [row.id for row in every if near.of(row.input) != {row.id}] == []


def test_no_input_is_near_a_text_of_the_other_files(parts: Parts) -> None:
    near = NearTexts([row for task in LABELS for row in of_task(parts, task)])
    for name in ("quickstart_prompts", "seed_tasks", "evals/knowledge", "evals/language"):
        for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            texts = [row.get(key) for key in ("prompt", "instruction", "question")]
            texts += row.get("options", []) + [one["input"] for one in row.get("instances", ())]
            assert [text for text in texts if text and near.of(text)] == []


def test_tasks_are_in_several_languages(parts: Parts) -> None:
    for task in ("review_sentiment", "support_intent", "tone", "language"):
        text = " ".join(row.input for row in of_task(parts, task))
        assert re.search("[\u4e00-\u9fff]", text), task
        assert re.search("[äöüß]", text), task
        assert re.search("[èêçà]", text), task
        assert re.search("[¿íóñ]", text), task
        assert re.search("[\U0001f300-\U0001faff]", text), task


def test_rows_are_seeds() -> None:
    seeds = read_seeds(TASKS / "rows.jsonl")
    assert Counter(seed.meta["task"] for seed in seeds) == dict.fromkeys(LABELS, 40)
    assert all(seed.target in seed.meta["options"] for seed in seeds)


def test_the_example_in_the_readme_is_a_row() -> None:
    (example,) = re.findall(r"```json\n(.*)\n```", section())
    lines = (TASKS / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(example) in [json.loads(line) for line in lines]


# What is right without understanding a row, as the README's table says


def stump(pool: Iterable[Demo], rows: Iterable[Demo]) -> float:
    """The accuracy on `rows` of the best rule of the form: one label with a word, one without."""
    bags = [(set(unicode_tokens(row.input, symbols=True)), row.output) for row in pool]
    best: tuple[int, str, str, str] | None = None
    for word in sorted(set().union(*(bag for bag, _ in bags))):
        with_it = Counter(label for bag, label in bags if word in bag).most_common(1)
        without = Counter(label for bag, label in bags if word not in bag).most_common(1)
        if without and (best is None or with_it[0][1] + without[0][1] > best[0]):
            hits = with_it[0][1] + without[0][1]
            best = (hits, word, with_it[0][0], without[0][0])
    assert best is not None
    _, word, yes, no = best
    right = [
        row.output == (yes if word in unicode_tokens(row.input, symbols=True) else no)
        for row in rows
    ]
    return sum(right) / len(right)


def test_the_stump_finds_the_word() -> None:
    texts = [("a cat sat", "x"), ("the cat ran", "x"), ("a dog sat", "y"), ("the cow ran", "y")]
    pool = [Demo(str(n), "t", text, label) for n, (text, label) in enumerate(texts)]
    assert stump(pool, pool) == 1.0
    assert stump(pool, [Demo("q", "t", "cat", "x"), Demo("r", "t", "cat", "y")]) == 0.5


@pytest.mark.parametrize("task", LABELS)
def test_neither_a_word_nor_the_nearest_demos_give_the_label_away(task: str, parts: Parts) -> None:
    cells = re.search(rf"^\| `{task}` \|.*\| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", section(), re.M)
    assert cells is not None
    word, _, dense = map(float, cells.groups())
    pool = parts["pool"][task]
    rows = parts["test"].get(task) or parts["train"][task]
    vote = KnnVote(pool, 8, "dense")
    found = sum(vote.vote(row.input).label == row.output for row in rows) / len(rows)
    assert stump(pool, rows) == pytest.approx(word, abs=0.006)
    # Room for a tie or two that rounding turns over.
    assert found == pytest.approx(dense, abs=0.06)
    assert word <= 0.7
    assert dense <= 0.85
