"""Questions that nothing can be compared with are told before anything is paid or trained."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import DataError, ModelError, UserError
from limbeck.evals.planned import drawn_questions
from limbeck.pipeline.beforehand import check_evaluation
from limbeck.pipeline.context import Context
from limbeck.pipeline.run import do_stages
from limbeck.progress import reporter
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.store import read_json, write_jsonl

GOOD = {"prompt": "2 + 3?", "target": "5", "kind": "number"}
TURNS = {
    "messages": [{"role": "system", "content": "In km."}, {"role": "user", "content": "How far?"}],
    "target": "8",
}
BAD: list[tuple[dict[str, Any], str]] = [
    (
        {"prompt": "How  many\nare left?", "target": "seven or so", "kind": "number"},
        "the question 'How many are left?': the target 'seven or so' is not one number",
    ),
    ({"prompt": "Why?", "target": "5", "kind": "NUMBER"}, "the kind must be one of"),
    (
        {"prompt": "Which?", "target": "D", "kind": "choice", "options": ["x", "y"]},
        "is none of the 2 options",
    ),
]


def context(folder: Path, rows: list[Any], **sections: Any) -> tuple[Context, io.StringIO]:
    write_jsonl(folder / "seeds.jsonl", rows)
    data = {
        "name": "r",
        "seeds": "seeds.jsonl",
        # Nothing listens there: a request would be an EndpointError.
        "teacher": {"model": "openai:x", "base_url": "http://127.0.0.1:9/v1"},
        "student": "fake:s",
        "generate": {"generator": "chain_of_thought"},
        "eval": {"tasks": ["imitation"]},
    }
    said = io.StringIO()
    run = RunDir(folder / "runs" / "r", Recipe.model_validate(data | sections).resolved(folder))
    return Context(run, reporter("plain", said), folder / "ledger.sqlite"), said


@pytest.mark.parametrize(("row", "words"), BAD)
def test_a_seed_with_a_target_that_cannot_be_read_stops_before_the_first_call(
    tmp_path: Path, row: dict[str, Any], words: str
) -> None:
    given, _ = context(tmp_path, [GOOD, row])
    with pytest.raises(DataError, match=re.escape(words)) as caught:
        do_stages(given, ("generate",))
    assert str(tmp_path / "seeds.jsonl") in str(caught.value)
    assert not given.run.folder("generate").exists()


def test_without_a_target_the_kind_is_looked_at(tmp_path: Path) -> None:
    given, _ = context(tmp_path, [{"prompt": "Why?", "kind": "integer"}])
    with pytest.raises(DataError, match="the kind must be one of"):
        do_stages(given, ("generate",))


def test_bad_targets_are_skipped_where_bad_lines_are(tmp_path: Path) -> None:
    seeds = {"path": "seeds.jsonl", "on_bad_line": "skip"}
    rows = [GOOD, *(row for row, _ in BAD)]
    generate = {"generator": "chain_of_thought", "paths": 1}
    given, said = context(tmp_path, rows, seeds=seeds, teacher="fake:t", generate=generate)
    do_stages(given, ("generate",))
    counts = read_json(given.run.folder("generate") / "done.json")["counts"]
    assert (counts["seeds"], counts["skipped_lines"]) == (1, 3)
    assert said.getvalue().count("skipped: ") == 3
    (tmp_path / "other").mkdir()  # another run: other prompts under this one's name are refused
    given, _ = context(tmp_path / "other", rows[1:], seeds=seeds)
    with pytest.raises(DataError, match="has no usable seed"):
        do_stages(given, ("generate",))


def test_other_generators_compare_nothing(tmp_path: Path) -> None:
    given, _ = context(tmp_path, [BAD[0][0], TURNS], teacher="fake:t", generate="answers")
    do_stages(given, ("generate",))
    assert read_json(given.run.folder("generate") / "done.json")["counts"]["seeds"] == 2


def test_turns_that_the_text_would_lose_are_told_first(tmp_path: Path) -> None:
    given, _ = context(tmp_path, [GOOD, TURNS], format={"text": "arrow"})
    with pytest.raises(UserError, match=r"'How far\?' of .*seeds.jsonl has a system turn"):
        do_stages(given, ("generate",))


@pytest.mark.parametrize(("row", "words"), BAD)
@pytest.mark.parametrize("stage", ["generate", "train"])
def test_a_question_of_the_evaluation_stops_before_generation_and_training(
    tmp_path: Path, tiny_folder: Path, row: dict[str, Any], words: str, stage: Any
) -> None:
    write_jsonl(tmp_path / "q.jsonl", [GOOD, row])
    student = str(tiny_folder)
    given, _ = context(tmp_path, [GOOD], eval={"tasks": ["q.jsonl"]}, student=student)
    with pytest.raises(DataError, match=re.escape(words)) as caught:
        do_stages(given, (stage,))
    assert str(tmp_path / "q.jsonl") in str(caught.value)


def test_questions_that_the_limit_leaves_out_are_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    write_jsonl(path, [GOOD | {"prompt": f"{n} + 3?"} for n in range(20)] + [BAD[0][0]])
    limited, _ = context(tmp_path, [GOOD], eval={"tasks": ["q.jsonl"], "limit": 3})
    asked = [question.prompt for question in drawn_questions(path, 3)]
    assert BAD[0][0]["prompt"] not in asked
    check_evaluation(limited.recipe, missing_ok=False)
    write_jsonl(path, [BAD[0][0] | {"prompt": asked[0]}, GOOD, BAD[1][0]])
    with pytest.raises(DataError, match="is not one number"):
        check_evaluation(limited.recipe, missing_ok=False)


def test_what_the_student_could_not_be_asked_whole_is_told_first(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "q.jsonl", [GOOD, TURNS])
    arrow, _ = context(tmp_path, [GOOD], eval={"tasks": ["q.jsonl"]}, format={"text": "answer"})
    with pytest.raises(UserError, match=r"'How far\?' of .*q.jsonl has a system turn"):
        check_evaluation(arrow.recipe, missing_ok=False)
    chat, _ = context(tmp_path, [GOOD], eval={"tasks": ["q.jsonl"]})
    check_evaluation(chat.recipe, missing_ok=False)


def test_a_broken_item_and_a_lost_file_are_told_first(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "i.jsonl", [{"question": "x?", "options": ["a"], "answer": 0}])
    broken, _ = context(tmp_path, [GOOD], eval={"tasks": ["i.jsonl"]})
    with pytest.raises(DataError, match="line 1: options must be 2 to"):
        check_evaluation(broken.recipe, missing_ok=True)
    lost, _ = context(tmp_path, [GOOD], eval={"tasks": ["none.jsonl"]})
    check_evaluation(lost.recipe, missing_ok=True)
    with pytest.raises(DataError, match="No such file"):
        check_evaluation(lost.recipe, missing_ok=False)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"prompt": "讲个故事 🌊"}, {"turns": []}], "line 2: turns must be a list of texts"),
        ([{"text": "no prompt"}], "line 1: "),
        ([], "has no prompt to compare styles on: it is empty"),
    ],
)
def test_prompts_of_style_that_cannot_be_used_are_told_first(
    tmp_path: Path, tiny_folder: Path, rows: list[dict[str, Any]], said: str
) -> None:
    path = tmp_path / "open.jsonl"
    given, _ = context(
        tmp_path, [GOOD], eval={"tasks": [], "style": "open.jsonl"}, student=str(tiny_folder)
    )
    check_evaluation(given.recipe, missing_ok=True)  # it may be made while the teacher writes
    with pytest.raises(DataError, match=r"cannot read .*open\.jsonl|No such file"):
        check_evaluation(given.recipe, missing_ok=False)
    write_jsonl(path, rows)
    with pytest.raises(DataError, match=said) as caught:
        do_stages(given, RUN)
    assert str(path) in str(caught.value)
    assert not given.run.folder("generate").exists()


def test_prompts_of_style_have_one_turn_where_the_student_reads_one(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "open.jsonl", [{"prompt": "Why?"}, {"messages": TURNS["messages"]}])
    style = {"tasks": [], "style": "open.jsonl"}
    arrow, _ = context(tmp_path, [GOOD], eval=style, format={"text": "arrow"})
    with pytest.raises(UserError, match=r"prompt 'How far\?' of .*open.jsonl has a system turn"):
        check_evaluation(arrow.recipe, missing_ok=False)
    chat, _ = context(tmp_path, [GOOD], eval=style)
    check_evaluation(chat.recipe, missing_ok=False)


def test_tasks_of_lm_eval_that_are_not_there_or_no_yaml_are_told_first(tmp_path: Path) -> None:
    folder = tmp_path / "任务"
    folder.mkdir()
    (folder / "a.yaml").write_text("task: [a\n", encoding="utf-8")
    for task, said in {
        "任务": r"a\.yaml is not the YAML of an lm-eval task",
        "任务/a.yaml": r"a\.yaml is not the YAML of an lm-eval task",
        "sub/none": "the recipe's task sub/none is a folder that is not there",
        "none.yaml": r"cannot read .*none\.yaml: No such file",
    }.items():
        for where in ({"tasks": [task]}, {"tasks": [], "forgetting": [task]}):
            given, _ = context(tmp_path, [GOOD], eval=where)
            with pytest.raises(DataError, match=said):
                check_evaluation(given.recipe, missing_ok=False)
            if "none" in task:
                check_evaluation(given.recipe, missing_ok=True)
    (folder / "a.yaml").write_text("task: a\n", encoding="utf-8")
    given, _ = context(tmp_path, [GOOD], eval={"tasks": ["任务", "任务/a.yaml", "arc_easy"]})
    check_evaluation(given.recipe, missing_ok=False)
    (folder / "a.yaml").write_text("test_split: test\n", encoding="utf-8")
    given, _ = context(tmp_path, [GOOD], eval={"tasks": ["任务"]})
    with pytest.raises(UserError, match="has no lm-eval task"):
        check_evaluation(given.recipe, missing_ok=False)


RUN: Any = ("generate", "filter", "format", "train", "eval")


def test_a_student_that_cannot_be_trained_is_told_before_the_first_call(
    tmp_path: Path, tiny_folder: Path
) -> None:
    given, _ = context(tmp_path, [GOOD], student={"model": str(tiny_folder), "layers": 9})
    with pytest.raises(ModelError, match=r"student\.layers is 9"):
        do_stages(given, RUN)
    for stages in (RUN, ("train",)):
        fake, _ = context(tmp_path, [GOOD])
        with pytest.raises(ModelError, match="fake:s has no weights here"):
            do_stages(fake, stages)
    assert not given.run.folder("generate").exists()


def test_nothing_held_out_for_imitation_is_told_before_the_first_call(
    tmp_path: Path, tiny_folder: Path
) -> None:
    none = {"student": str(tiny_folder), "format": {"test": 0}}
    given, _ = context(tmp_path, [GOOD], **none)
    with pytest.raises(UserError, match=r"format\.test is 0.*take imitation out of eval\.tasks"):
        do_stages(given, RUN)
    alone, _ = context(tmp_path, [GOOD], **none, teacher="fake:t", generate="answers")
    do_stages(alone, ("generate",))  # its rows are good for other things


@pytest.mark.parametrize(
    ("row", "options", "lacks"),
    [
        ({"prompt": "2 + 3?", "target": "5"}, {}, "solution"),
        ({"prompt": "2 + 3?", "solution": "Count."}, {}, "target"),
        ({"prompt": "2 + 3?"}, {"answer_weight": 1}, "target"),
    ],
)
def test_plain_answers_are_no_rationales_to_learn(
    tmp_path: Path, row: dict[str, Any], options: dict[str, Any], lacks: str
) -> None:
    good = {"prompt": "1 + 1?", "target": "2", "solution": "One more than one."}
    train = {"objective": "step_by_step", "options": options}
    given, _ = context(tmp_path, [good, row], train=train, generate="answers")
    with pytest.raises(UserError, match=rf"'2 \+ 3\?' of .*seeds.jsonl has no {lacks}"):
        do_stages(given, ("generate",))
    given, _ = context(tmp_path, [good], train=train, generate="answers", teacher="fake:t")
    do_stages(given, ("generate",))


def test_several_processes_are_told_that_one_is_enough(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    given, _ = context(tmp_path, [GOOD], student=str(tiny_folder))
    monkeypatch.setenv("LOCAL_RANK", "1")
    with pytest.raises(UserError, match=r"2 processes .*torchrun.*limbeck\.trainers\.loop\.fit"):
        do_stages(given, ("train",))
    assert not given.run.path.exists()
