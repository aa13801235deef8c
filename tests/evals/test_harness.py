"""lm-eval tasks through the harness: forms, drawn items, options of a task, how items ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import AskError, UserError
from limbeck.evals.harness import TaskResult, evaluate
from limbeck.evals.engine import drawn
from limbeck.evals.planned import Plan
from limbeck.evals.protocol import make_protocol
from limbeck.evals.questions import Asking
from limbeck.filters import answer
from limbeck.protocols import Reply, Request
from limbeck.recipe import Eval
from limbeck.teachers.scoring import Context

COLOURS = [
    {"id": f"c{n}", "question": f"Which is a colour? ({n})", "choices": ["椅子", "Rouge", "Haus"],
     "gold": 1, "topic": "colours" if n % 2 else "Farben"}
    for n in range(6)
]  # fmt: skip
SUMS = [{"id": f"s{n}", "question": f"{n} + 1 = ?", "answer": str(n + 1)} for n in range(5)]

CHOICE = """
task: colours
dataset_path: json
dataset_kwargs: {data_files: {test: DATA/colours.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "Question: {{question}}\\nAnswer:"
doc_to_choice: choices
doc_to_target: gold
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: acc_norm, aggregation: mean, higher_is_better: true}
"""
NUMBERS = """
task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: DATA/sums.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
generation_kwargs: {until: ["END"], do_sample: false, max_gen_toks: 40}
filter_list:
  - name: first-number
    filter:
      - {function: regex, regex_pattern: "(-?[0-9]+)", group_select: 0}
      - {function: take_first}
  - name: last-number
    filter:
      - {function: regex, regex_pattern: "(-?[0-9]+)", group_select: -1}
      - {function: take_first}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true}
"""


class Scripted:
    """A writer that says what a function makes of the prompt's last words."""

    name = "scripted"

    def __init__(self, say: Callable[[str], str | Reply | AskError]) -> None:
        self.say = say
        self.asked: list[Request] = []

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"endpoint": "fake"}

    async def ask(self, request: Request, /) -> Reply:
        self.asked.append(request)
        said = self.say(request.messages[-1].content)
        if isinstance(said, AskError):
            raise said
        return said if isinstance(said, Reply) else Reply(said)

    async def aclose(self) -> None:
        return


class Longest:
    """Likelihoods by which the shortest continuation wins."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def __call__(self, pairs: Sequence[tuple[Context, str]]) -> list[tuple[float, bool]]:
        return [(-float(len(text)), False) for _, text in pairs]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    for name, rows in (("colours", COLOURS), ("sums", SUMS)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    for name, text in (("colours", CHOICE), ("sums", NUMBERS)):
        (tmp_path / f"{name}.yaml").write_text(text.replace("DATA", str(tmp_path)))
    return tmp_path


def run(
    folder: Path,
    say: Callable[[str], Any],
    *,
    scores: Longest | None = None,
    second_view: bool = True,
    **section: Any,
) -> tuple[dict[str, TaskResult], list[str], Scripted]:
    section.setdefault("tasks", ("colours", "sums"))
    for key in ("tasks", "forgetting"):
        names = section.get(key, ())
        section[key] = tuple(str(folder / f"{name}.yaml") for name in names)
    made = Eval.model_validate({"form": "generate", "max_tokens": 9, **section})
    protocol = make_protocol(made, [], black_box=True, asked={})
    plan = Plan(
        made, protocol, [], Asking(lambda seed: seed.messages), answer, lambda text: False,
        scored=scores is not None, second_view=second_view,
    )  # fmt: skip
    writer = Scripted(say)
    found, failures = evaluate(writer, scores, plan, width=4)
    return {one.task: one for one in found}, failures, writer


def letter(prompt: str, option: str) -> str:
    """The letter under which a prompt shows an option."""
    return next(line[0] for line in prompt.splitlines() if line[1:] == f". {option}")


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
    plain, _, _ = run(folder, lambda text: "none", scores=Longest(), second_view=False)
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
