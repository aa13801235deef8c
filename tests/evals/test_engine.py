"""Which of lm-eval's tasks is loaded, and with which docs and worked examples."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.evals.engine import Engine
from tests.evals.lm_eval_run import CHOICE, NUMBERS, SUMS, Longest, fill, put, run

LIKELY = NUMBERS.replace("output_type: generate_until", "output_type: loglikelihood")
LIKELY = LIKELY[: LIKELY.index("generation_kwargs")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    return fill(tmp_path)


def shown(folder: Path, task: str, shots: int, **more: Any) -> list[tuple[str, list[str]]]:
    """What each item asks, and the questions of its worked examples."""
    options = {task: {"few_shot": shots}}
    _, _, writer = run(folder, lambda text: "1", tasks=[task], task_options=options, **more)
    turns = [[turn.content for turn in request.messages] for request in writer.asked]
    return [(texts[-1], texts[:-1:2]) for texts in turns]


def test_an_item_is_never_its_own_worked_example(folder: Path) -> None:
    # lm-eval 0.4.13 shows the first of these itself: it compares the names of the splits only.
    found = shown(folder, "sums", 2)
    assert len(found) == 5
    assert all(len(set(others)) == 2 and own not in others for own, others in found)


def test_nor_where_the_examples_split_is_the_only_one(folder: Path) -> None:
    split = "validation_split: test\nfewshot_split: test"
    put(folder, "held", NUMBERS.replace("test_split: test", split).replace("sums\n", "held\n"))
    found = shown(folder, "held", 4)
    assert all(len(set(others)) == 4 and own not in others for own, others in found)


def test_nor_is_its_double(folder: Path) -> None:
    text = NUMBERS.replace("task: sums", "task: twice").replace("sums.jsonl", "twice.jsonl")
    put(folder, "twice", text, [SUMS[0], *SUMS])
    assert all(own not in others for own, others in shown(folder, "twice", 4))
    with pytest.raises(UserError, match="twice has 4 docs for worked examples, and 5 are wanted"):
        shown(folder, "twice", 5)


def test_all_docs_of_another_split_can_be_shown(folder: Path) -> None:
    split = "training_split: train\nvalidation_split: test"
    text = NUMBERS.replace("test_split: test", split).replace("task: sums", "task: other")
    files = "{train: DATA/other.jsonl, test: DATA/sums.jsonl}"
    text = text.replace("{test: DATA/sums.jsonl}", files)
    put(folder, "other", text, [{"id": f"t{n}", "question": f"{n}?", "answer": "0"} for n in "xy"])
    assert {tuple(sorted(others)) for _, others in shown(folder, "other", 2)} == {("x?", "y?")}
    with pytest.raises(UserError, match="has 2 docs for worked examples, and 3 are wanted"):
        shown(folder, "other", 3)


@pytest.mark.parametrize("ending", ["yaml", "yml"])
def test_a_file_is_the_task_whatever_it_is_called_in_it(folder: Path, ending: str) -> None:
    text = NUMBERS.replace("task: sums", "task: colours")
    put(folder, "任务", text).rename(folder / f"任务.{ending}")
    found, _, _ = run(folder, lambda text: "1", tasks=[f"任务.{ending}"])
    assert list(found) == ["任务"]
    assert [item["id"] for item in found["任务"].items] == [row["id"] for row in SUMS]


@pytest.fixture
def grouped(folder: Path) -> Path:
    """Tasks `a` to `d`, of which `c` and `d` have the tag `two`, and groups of them."""
    (folder / "g").mkdir()
    for name in "abcd":
        tag = "tag: two\n" if name in "cd" else ""
        text = NUMBERS.replace("DATA", str(folder)).replace("sums\n", f"{name}\n")
        put(folder / "g", name, text + tag)
    inner = "group: inner\ntask: [a, b]\naggregate_metric_list: [{metric: exact_match}]\n"
    put(folder / "g", "inner", inner)
    outer = "group: outer\ntask:\n  - inner\n  - group: inline\n    task: [two]\n"
    put(folder / "g", "all", outer)
    return folder


@pytest.mark.parametrize(("task", "name"), [("g/all", "all"), ("g/.", "outer")])
def test_a_groups_items_are_of_one_task_whatever_groups_are_in_it(
    grouped: Path, task: str, name: str
) -> None:
    found, _, _ = run(grouped, lambda text: "1", tasks=[task], limit=2)
    assert list(found) == [name]
    items = found[name].items
    assert [item["cluster"] for item in items] == ["a", "a", "b", "b", "c", "c", "d", "d"]
    assert {item["id"].split("/")[1] for item in items} == {"s2", "s4"}
    assert [row["id"] for row in found[name].asked] == [item["id"] for item in items]


def test_a_group_that_lm_eval_would_take_from_elsewhere_is_refused(grouped: Path) -> None:
    shutil.copy(grouped / "g/inner.yaml", grouped / "g/again.yaml")
    with pytest.raises(UserError, match="finds the group 'inner' in another file"):
        run(grouped, pytest.fail, tasks=["g/inner"])


def test_parts_with_different_metrics_are_refused(grouped: Path) -> None:
    text = CHOICE.replace("DATA", str(grouped)).replace("colours\n", "e\n")
    put(grouped / "g", "e", text)
    put(grouped / "g", "mixed", "group: mixed\ntask: [a, e]\n")
    with pytest.raises(UserError, match="the parts of mixed have different metrics"):
        run(grouped, lambda text: "1", tasks=["g/mixed"])


def test_what_lies_beside_another_file_stands_for_nothing(folder: Path) -> None:
    (folder / "v2").mkdir()
    put(folder / "v2", "sums", NUMBERS, [{"id": "new", "question": "?", "answer": "1"}])
    put(folder / "v2", "more", CHOICE.replace("DATA", str(folder)).replace("colours\n", "more\n"))
    found, _, _ = run(folder, lambda text: "1", tasks=["sums", "v2/more"])
    assert [item["id"] for item in found["sums"].items] == [row["id"] for row in SUMS]
    assert len(found["more"].items) == 6


@pytest.mark.parametrize(
    ("settings", "most"),
    [("max_new_tokens: 33", 33), ("max_tokens: 34", 34), ("temperature: 0", 9)],
)
def test_a_tasks_own_length_has_several_names(folder: Path, settings: str, most: int) -> None:
    put(folder, "sums", NUMBERS.replace("max_gen_toks: 40", settings))
    _, _, writer = run(folder, lambda text: "1", tasks=["sums"])
    assert {request.max_tokens for request in writer.asked} == {most}


def test_what_a_task_writes_into_its_docs_is_not_in_their_hash(folder: Path) -> None:
    code = (
        "def score(doc, results):\n    doc['said'] = results[0]\n    return {'exact_match': 1.0}\n"
    )
    (folder / "own.py").write_text(code)
    put(folder, "sums", NUMBERS + "process_results: !function own.score\n")
    docs = []
    for say in (str, repr):  # other words each time
        found, _, _ = run(folder, say, tasks=["sums"], limit=3)
        docs.append([item["doc"] for item in found["sums"].items])
    assert docs[0] == docs[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (NUMBERS + "unsafe_code: true\n", "sums runs the code that models write"),
        (NUMBERS + "doc_to_image: question\n", "sums shows images"),
        (LIKELY.replace("loglikelihood", "loglikelihood_rolling"), "sums measures the perplexity"),
        (NUMBERS.replace("DATA/sums", "DATA/gone"), "cannot load the task sums: .*gone"),
        (
            NUMBERS.replace("test_split: test", "test_split: dev"),
            "cannot load the task sums: .*dev",
        ),
    ],
)
def test_what_cannot_be_paired_is_said_before_anybody_is_asked(
    folder: Path, text: str, told: str
) -> None:
    put(folder, "sums", text)
    with pytest.raises(UserError, match=told):
        run(folder, pytest.fail, tasks=["sums"])


def test_a_task_of_likelihoods_needs_a_second_view_or_is_refused(folder: Path) -> None:
    put(folder, "likely", LIKELY.replace("task: sums", "task: likely"))
    found, _, _ = run(folder, pytest.fail, tasks=["likely"], scores=Longest())
    assert list(found) == ["likely (by likelihood)"]
    with pytest.raises(UserError, match=r"likely is one of likelihoods.*second_view is off"):
        run(folder, pytest.fail, tasks=["likely"], scores=Longest(), second_view=False)


def test_two_tasks_of_one_name_or_one_of_the_imitations_are_refused(folder: Path) -> None:
    (folder / "own").mkdir()
    put(folder / "own", "any", NUMBERS.replace("DATA", str(folder)))
    with pytest.raises(UserError, match="two of the tasks are named 'sums'"):
        run(folder, pytest.fail, tasks=["sums", "own/."])
    put(
        folder / "own",
        "any",
        NUMBERS.replace("DATA", str(folder)).replace("sums\n", "imitation_x\n"),
    )
    with pytest.raises(UserError, match="imitation_x has a name of the imitation task"):
        run(folder, pytest.fail, tasks=["own/."])


def test_a_name_that_lm_eval_has_not_is_told() -> None:
    with pytest.raises(UserError, match="lm-eval does not know the task 'arc_hard'"):
        list(Engine(lambda **_: SimpleNamespace(task_index={})).load("arc_hard"))
