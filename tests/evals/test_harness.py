"""lm-eval tasks through the harness: forms, drawn items, options of a task, how items ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import AskError, UserError
from limbeck.evals.engine import drawn
from limbeck.protocols import Reply
from tests.evals.lm_eval_run import Longest, fill, letter, run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    return fill(tmp_path)


def test_multiple_choice_of_lm_eval_is_written_for_a_black_box(folder: Path) -> None:
    found, failures, writer = run(folder, lambda text: letter(text, "Rouge"), tasks=["colours"])
    assert failures == []
    assert [item["score"] for item in found["colours"].items] == [1.0] * 6
    prompt = writer.asked[0].messages[-1].content
    assert prompt.startswith("Question: Which is a colour? (0)\n\nA. ")
    assert prompt.endswith("\n\nAnswer with the letter only.")
    assert {writer.asked[0].max_tokens} == {9}
    item = found["colours"].items[0]
    assert (item["id"], item["answer"], item["status"]) == ("c0", "Rouge", "right")


def test_who_always_says_the_same_letter_is_not_always_right(folder: Path) -> None:
    found, _, _ = run(folder, lambda text: "A", tasks=["colours"])
    scores = [item["score"] for item in found["colours"].items]
    assert 0 < sum(scores) < 6
    assert {i["answer"] for i in found["colours"].items} > {"Rouge"}


def test_the_questions_asked_are_the_same_for_every_model(folder: Path) -> None:
    one, _, _ = run(folder, lambda text: "A")
    two, _, _ = run(folder, lambda text: "17")
    assert [i["doc"] for i in one["colours"].items] == [i["doc"] for i in two["colours"].items]
    asked = one["colours"].asked
    assert asked == two["colours"].asked
    assert asked[1]["question"] == "Question: Which is a colour? (1)"
    assert sorted(asked[1]["options"]) == ["Haus", "Rouge", "椅子"]
    assert asked[1]["target"] == "Rouge"


def test_base_and_student_have_a_second_view_by_likelihood(folder: Path) -> None:
    found, _, _ = run(folder, lambda text: "none", scores=Longest(), tasks=["colours"])
    second = found["colours (by likelihood)"]
    assert (found["colours"].view, second.view) == ("main", "likelihood")
    assert [item["answer"] for item in second.items] == ["椅子"] * 6
    assert [item["score"] for item in second.items] == [0.0] * 6
    plain, _, _ = run(folder, lambda text: "none", scores=Longest(), asks_twice=False)
    assert set(plain) == {"colours", "sums"}


def test_an_item_ends_in_one_of_six_ways(folder: Path) -> None:
    said: dict[str, Any] = {
        "0": "It is 1",
        "1": "It is 7",
        "2": "no idea",
        "3": Reply("so far 3", "length"),
        "4": "I'm sorry, but I can't help with that.",
    }
    found, failures, _ = run(folder, lambda text: said[text[0]], tasks=["sums"])
    assert [item["status"] for item in found["sums"].items] == [
        "right", "wrong", "unparseable", "truncated", "refused",
    ]  # fmt: skip
    assert [item["answer"] for item in found["sums"].items][:3] == ["1", "7", None]
    assert failures == []


def test_a_failed_call_is_recorded_and_the_others_go_on(folder: Path) -> None:
    found, failures, _ = run(
        folder, lambda text: AskError("broken") if text[0] == "2" else "1", tasks=["sums"]
    )
    items = found["sums"].items
    assert [item["status"] for item in items] == ["wrong" if n else "right" for n in range(2)] + [
        "failed", "wrong", "wrong",
    ]  # fmt: skip
    assert items[2]["score"] is None
    assert len(failures) == 1
    assert "broken" in failures[0]


def test_one_filter_is_chosen_before_models_are_paired(folder: Path) -> None:
    def say(text: str) -> str:
        return f"{text[0]} and 1 is {int(text[0]) + 1}"

    first, _, _ = run(folder, say, tasks=["sums"])
    last, _, _ = run(folder, say, tasks=["sums"], task_options={"sums": {"filter": "last-number"}})
    assert [len(found["sums"].items) for found in (first, last)] == [5, 5]
    assert [item["score"] for item in first["sums"].items] == [0.0] * 5
    assert [item["score"] for item in last["sums"].items] == [1.0] * 5
    with pytest.raises(UserError, match="no filter 'strict'; it has first-number, last-number"):
        run(folder, say, tasks=["sums"], task_options={"sums": {"filter": "strict"}})


def test_the_metric_and_the_cluster_are_chosen_by_task(folder: Path) -> None:
    options = {"colours": {"metric": "acc_norm", "cluster": "topic"}}
    found, _, _ = run(
        folder, str, scores=Longest(), form="loglikelihood", tasks=["colours"],
        task_options=options,
    )  # fmt: skip
    assert found["colours"].metric == "acc_norm"
    assert {item["cluster"] for item in found["colours"].items} == {"colours", "Farben"}


def test_a_limit_draws_the_same_items_whatever_the_order_of_the_file(folder: Path) -> None:
    def ids() -> list[str]:
        found, _, _ = run(folder, lambda text: "1", tasks=["sums"], limit=3)
        return [item["id"] for item in found["sums"].items]

    first = ids()
    path = folder / "sums.jsonl"
    rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(reversed(rows)) + "\n", encoding="utf-8")
    assert ids() == first[::-1]
    assert len(first) == 3


def test_fewer_items_are_among_more() -> None:
    def key(n: int) -> int:
        return n

    rows = list(range(50))
    few, many = drawn(rows, 5, key), drawn(rows, 20, key)
    assert set(few) < set(many)
    assert few == sorted(few)
    assert few != rows[:5]
    assert drawn(rows, 99, key) == drawn(rows, None, key) == rows


def test_worked_examples_are_written_in_the_same_form(folder: Path) -> None:
    _, _, writer = run(
        folder, lambda text: "A", tasks=["colours"], task_options={"colours": {"few_shot": 2}}
    )
    turns = writer.asked[0].messages
    assert [turn.role for turn in turns] == ["user", "assistant"] * 2 + ["user"]
    for question, reply in (turns[:2], turns[2:4]):
        assert reply.content == letter(question.content, "Rouge")
    assert turns[-1].content not in (turns[0].content, turns[2].content)


def test_a_tasks_own_length_gives_way_to_an_option(folder: Path) -> None:
    _, _, plain = run(folder, lambda text: "1", tasks=["sums"])
    _, _, short = run(
        folder, lambda text: "1", tasks=["sums"], task_options={"sums": {"max_tokens": 5}}
    )
    assert {request.max_tokens for request in plain.asked} == {40}
    assert {request.max_tokens for request in short.asked} == {5}


def test_what_may_be_lost_is_told_apart(folder: Path) -> None:
    found, _, _ = run(folder, lambda text: "1", tasks=["sums"], forgetting=["colours"])
    assert [(one.task, one.kind) for one in found.values()] == [
        ("sums", "ability"), ("colours", "forgetting"),
    ]  # fmt: skip


def test_a_task_that_cannot_be_loaded_is_a_sentence(folder: Path) -> None:
    (folder / "colours.jsonl").unlink()
    with pytest.raises(UserError, match=r"cannot load the task colours: \w+Error: .*colours.jsonl"):
        run(folder, str, tasks=["colours"])
