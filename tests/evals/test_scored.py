"""The one score of an item: which metric, what is no score, and what is no right answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import AskError, UserError
from limbeck.record import Message, user
from tests.evals.lm_eval_run import CHOICE, NUMBERS, Longest, fill, put, run

LIKELY = NUMBERS[: NUMBERS.index("generation_kwargs")].replace("generate_until", "loglikelihood")
PERPLEXITY = "  - {metric: perplexity, aggregation: perplexity, higher_is_better: false}\n"
ACC = "  - {metric: acc, aggregation: mean, higher_is_better: true}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    return fill(tmp_path)


def scored(folder: Path, code: str, **more: Any) -> Any:
    """The task `sums`, scored by a function's body."""
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    (folder / "own.py").write_text(f"def score(doc, results):\n{lines}")
    put(folder, "sums", NUMBERS + "process_results: !function own.score\n")
    return run(folder, lambda text: text[0], tasks=["sums"], **more)[0]["sums"]


def test_where_less_is_better_a_score_of_1_is_no_right_answer(folder: Path) -> None:
    put(folder, "sums", NUMBERS.replace("higher_is_better: true", "higher_is_better: false"))
    found = run(folder, lambda text: "1", tasks=["sums"])[0]["sums"]
    assert found.higher_is_better is False
    assert [item["score"] for item in found.items] == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert {item["status"] for item in found.items} == {"scored"}


def test_the_first_metric_is_the_tasks_own_first(folder: Path) -> None:
    put(folder, "colours", CHOICE.replace("{metric: acc,", "{metric: acc_norm,", 1))
    found = run(folder, str, tasks=["colours"], scores=Longest(), form="loglikelihood")[0]
    assert found["colours"].metric == "acc_norm"


def test_perplexity_is_on_no_scale_of_its_items(folder: Path) -> None:
    put(
        folder, "likely", LIKELY.replace("sums\n", "likely\n") + "metric_list:\n" + PERPLEXITY + ACC
    )
    setting: dict[str, Any] = {"tasks": ["likely"], "scores": Longest(), "form": "loglikelihood"}
    found = run(folder, pytest.fail, **setting)[0]["likely"]
    assert (found.metric, {item["score"] for item in found.items}) == ("acc", {0.0})
    options = {"likely": {"metric": "perplexity"}}
    with pytest.raises(UserError, match=r"'perplexity' .* no score per item; .* such as acc"):
        run(folder, pytest.fail, task_options=options, **setting)


@pytest.mark.parametrize(
    "value", ["(1.0, 2)", "[1.0]", "'high'", "{'f1': 1.0}", "__import__('numpy').zeros(2)"]
)
def test_what_is_no_number_is_no_score(folder: Path, value: str) -> None:
    with pytest.raises(UserError, match="'odd' of the task sums has no score per item"):
        scored(folder, f"return {{'odd': {value}}}")
    assert scored(folder, f"return {{'odd': {value}, 'even': 0.5}}").metric == "even"


def test_truth_values_and_numbers_of_numpy_are_scores(folder: Path) -> None:
    found = scored(folder, "import numpy\nreturn {'ok': numpy.bool_(doc['id'] == 's1')}")
    assert [item["score"] for item in found.items] == [0.0, 1.0, 0.0, 0.0, 0.0]
    assert found.items[1]["status"] == "right"


def test_an_item_without_the_metric_has_no_score(folder: Path) -> None:
    none = "if doc['id'] == 's2':\n    return {}\n"
    code = none + "return {'m': float('nan') if doc['id'] == 's3' else 1}"
    assert [item["score"] for item in scored(folder, code).items] == [1.0, 1.0, None, None, 1.0]


def test_a_failed_call_has_neither_output_nor_answer(folder: Path) -> None:
    rows = [{"id": "x", "question": "What?", "choices": ["call", "failed"], "gold": 0}]
    put(folder, "calls", CHOICE.replace("colours", "calls"), rows)
    found, _, _ = run(folder, lambda text: AskError("gone"), tasks=["calls", "sums"])
    for task in found.values():
        for item in task.items:
            ended = (item["score"], item["output"], item["answer"], item["status"])
            assert ended == (None, None, None, "failed")


def test_the_cluster_of_a_written_item_is_its_docs_own(folder: Path) -> None:
    options = {"colours": {"cluster": "topic"}}
    found, _, _ = run(folder, lambda text: "A", tasks=["colours"], task_options=options)
    clusters = [item["cluster"] for item in found["colours"].items]
    assert clusters == ["Farben", "colours"] * 3


def test_a_cluster_that_no_item_has_is_refused(folder: Path) -> None:
    options = {"colours": {"cluster": "tpoic"}}
    with pytest.raises(UserError, match=r"no field 'tpoic' to be clusters; .* gold, topic"):
        run(folder, pytest.fail, tasks=["colours"], task_options=options)


def test_items_of_a_file_have_their_topic_as_cluster(folder: Path) -> None:
    rows = [{"question": f"{n}?", "options": ["a", "b"], "answer": 0, "topic": "t"} for n in "xy"]
    put(folder, "own", "", rows)
    for form in ("generate", "loglikelihood"):
        found, _, _ = run(
            folder, lambda text: "A", tasks=["own.jsonl"], scores=Longest(), form=form,
            task_options={"own": {"cluster": "topic"}},
        )  # fmt: skip
        assert [item["cluster"] for item in found["own"].items] == ["t", "t"]


def test_compared_contexts_have_their_options_as_the_question(folder: Path) -> None:
    text = CHOICE.replace('doc_to_text: "Question: {{question}}\\nAnswer:"', "doc_to_text: gold")
    text = text.replace("doc_to_target: gold", 'doc_to_target: " is one."')
    put(folder, "colours", text)
    found, _, _ = run(folder, str, tasks=["colours"], scores=Longest(), form="loglikelihood")
    (asked, *_), (item, *_) = found["colours"].asked, found["colours"].items
    assert asked["question"] == "Which is a colour? (0)"
    assert asked["options"] == ["椅子", "Rouge", "Haus"]
    assert item["answer"] in asked["options"]


def test_the_few_shot_base_has_no_scores_where_nothing_could_be_shown(folder: Path) -> None:
    shown = (user("1 + 1?"), Message("assistant", "2"))
    chats, _, _ = run(folder, lambda text: "1", tasks=["sums"], demos=shown)
    assert list(chats) == ["sums"]
    plain, _, _ = run(folder, lambda text: "1", tasks=["sums"], demos=shown, prompt="plain")
    assert plain == {}
