"""A recipe's split in a run: what is a seed, what is shown, and who reads it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from limbeck.cli.audit_inputs import seeds_of
from limbeck.errors import DataError, RecipeError
from limbeck.pipeline import generate as module
from limbeck.pipeline.batch_plan import own_requests
from limbeck.pipeline.context import Context
from limbeck.pipeline.estimate import estimate
from limbeck.pipeline.generate import generate, generator_of, inputs
from limbeck.pipeline.output import RECORDS
from limbeck.pipeline.seeds import demos_of_recipe, pool_of_recipe, seeds_of_recipe
from limbeck.progress import Quiet
from limbeck.record import Record, content_hash
from limbeck.rundir import RunDir
from limbeck.store import read_json, read_records
from limbeck.teachers.connect import identity
from limbeck.testing import FakeLikelihoods
from tests.pipeline.batches import Notebook, said
from tests.pipeline.splits import LABELS, ROWS, context, task_rows


@pytest.fixture(autouse=True)
def local(monkeypatch: pytest.MonkeyPatch) -> FakeLikelihoods:
    """The recipe's fake teacher as a local one, which gives likelihoods."""
    every = [label for options in LABELS.values() for label in options]
    share = dict.fromkeys(every, 1 / len(every))
    teacher = FakeLikelihoods(lambda request: share, name="t")
    monkeypatch.setattr("limbeck.testing.fake_teacher", lambda *_: teacher)
    monkeypatch.setattr(module, "gives_likelihoods", lambda section: True)
    return teacher


def made_by(ctx: Context) -> list[Record]:
    generate(ctx)
    return list(read_records(ctx.run.folder("generate") / RECORDS))


def tasks_of(records: Sequence[Record]) -> Counter[str]:
    return Counter(str(one.meta["task"]) for one in records)


def demos_of(records: Sequence[Record]) -> Counter[str]:
    """By task, told by the ids of the demos, which begin with it."""
    shown = [str(name) for one in records for name in one.meta["demos"]]
    return Counter(name.rpartition("-")[0] for name in shown)


# What is asked and shown


def test_meta_has_no_row_and_no_demo_of_a_target_task(tmp_path: Path) -> None:
    ctx = context(tmp_path, tuning="meta")
    made = made_by(ctx)
    assert tasks_of(made) == {"mood": 6, "天气": 6}
    assert demos_of(made) == {"mood": 12, "天气": 12}
    text = json.dumps([one.to_json() for one in made], ensure_ascii=False)
    assert "topic" not in text
    assert "other" not in text
    assert "generate: 1 target task, 6 rows held out" in said(ctx)
    assert "generate: 1 task, 6 rows left out: tasks.yaml does not name them" in said(ctx)
    counts = read_json(ctx.run.folder("generate") / "done.json")["counts"]
    assert counts["seeds"] == 12


def test_meta_has_none_with_a_pool_of_all_tasks_either(tmp_path: Path) -> None:
    pool = [row for task in LABELS for row in task_rows(task, 4, "p ")]
    made = made_by(context(tmp_path, tuning="meta", pool=pool))
    assert tasks_of(made) == {"mood": 6, "天气": 6}
    assert demos_of(made) == {"p mood": 12, "p 天气": 12}
    assert "topic" not in json.dumps([one.to_json() for one in made], ensure_ascii=False)


def test_multitask_has_just_so_many_of_the_target_tasks(tmp_path: Path) -> None:
    split = "train: [mood, 天气]\ntarget: [topic, other]\n"
    made = made_by(context(tmp_path, tuning="multitask", split=split, target_rows=4))
    assert tasks_of(made) == {"mood": 6, "天气": 6, "topic": 4, "other": 4}
    assert set(demos_of(made)) == set(LABELS)
    allowed = {f"{task}-{n}" for task in ("topic", "other") for n in range(4)}
    shown = {name for one in made for name in one.meta["demos"]}
    assert {name for name in shown if name.startswith(("topic", "other"))} == allowed


def test_rows_keep_the_order_of_the_file_and_the_limit_comes_last(tmp_path: Path) -> None:
    recipe = context(tmp_path, tuning="multitask", target_rows=1, limit=5).recipe
    given = [row["input"] for row in ROWS if row["task"] != "other"]
    expected = [text for text in given if not text.startswith("topic") or "第0行" in text][:5]
    assert [seed.prompt for seed in seeds_of_recipe(recipe)] == expected
    assert [seed.prompt for seed in pool_of_recipe(recipe)] == expected


def test_few_rows_a_task(tmp_path: Path) -> None:
    given = {"generator": "given"}
    made = made_by(context(tmp_path, tuning="multitask", rows=2, target_rows=3, generate=given))
    assert tasks_of(made) == {"mood": 2, "天气": 2, "topic": 3}
    assert [one.messages[0].content.split()[1] for one in made if one.meta["task"] == "topic"] == [
        "第0行", "第1行", "第2行",
    ]  # fmt: skip


@pytest.mark.parametrize("generator", ["given", "answers"])
def test_it_is_a_choice_of_rows_for_every_generator(tmp_path: Path, generator: str) -> None:
    ctx = context(tmp_path, tuning="meta", generate={"generator": generator})
    made = made_by(ctx)
    assert [one.meta["task"] for one in made] == ["mood", "天气"] * 6


# The leak guard


def leaky() -> list[dict[str, Any]]:
    """Two rows of train tasks ask what a target task's row asks, in other case and width."""
    rows = [dict(row) for row in ROWS]
    mood = [row for row in rows if row["task"] == "mood"]
    weather = [row for row in rows if row["task"] == "天气"]
    topic = [row for row in rows if row["task"] == "topic"]
    mood[1]["input"] = f"  {topic[4]['input'].upper()}！"
    weather[0]["input"] = topic[0]["input"]
    return rows


def test_inputs_of_held_out_rows_are_no_seeds_of_other_tasks(tmp_path: Path) -> None:
    ctx = context(tmp_path, tuning="meta", given=leaky())
    made = made_by(ctx)
    assert tasks_of(made) == {"mood": 5, "天气": 5}
    assert "generate: 2 rows left out: the input is that of a target task's row" in said(ctx)
    assert "topic" not in json.dumps([one.to_json() for one in made]).casefold()
    both = context(tmp_path / "both", tuning="multitask", given=leaky())
    assert tasks_of(made_by(both)) == {"mood": 6, "天气": 6, "topic": 6}
    assert "the input is that" not in said(both)


def test_inputs_of_held_out_rows_are_no_demos_either(tmp_path: Path) -> None:
    """Those of the seeds' file and those of the pool's own."""
    pool = [row for task in LABELS for row in task_rows(task, 4, "p ")]
    pool[0]["input"] = ROWS[2]["input"]
    pool[1]["input"] = f"{pool[8]['input']}?"
    assert (ROWS[2]["task"], pool[8]["task"]) == ("topic", "topic")
    ctx = context(tmp_path, tuning="meta", pool=pool)
    made = made_by(ctx)
    assert "generate: 2 demos left out: the input is that of a target task's row" in said(ctx)
    shown = {name for one in made for name in one.meta["demos"]}
    assert {name for name in shown if "mood" in name} == {"p mood-2", "p mood-3"}


def test_demos_without_a_task_stay_and_none_at_all_is_a_sentence(tmp_path: Path) -> None:
    pool = [{"prompt": "Why?", "target": "so"}, *task_rows("topic", 2, "p ")]
    recipe = context(tmp_path, tuning="meta", pool=pool).recipe
    assert [one.prompt for one in demos_of_recipe(recipe)] == ["Why?"]
    both = context(tmp_path, tuning="multitask", pool=pool).recipe
    assert len(demos_of_recipe(both)) == 3
    alone = context(tmp_path / "alone", tuning="meta", pool=pool[1:]).recipe
    with pytest.raises(DataError, match=r"pool\.jsonl has no demo that may be shown"):
        demos_of_recipe(alone)


def test_worked_examples_of_a_target_task_are_not_shown(tmp_path: Path) -> None:
    solved = [
        {**row, "solution": "Look. So it is."}
        for task in ("topic", "mood")
        for row in task_rows(task, 2, "p ")
    ]
    chain = {"generator": "chain_of_thought", "shots": 4}
    ctx = context(tmp_path, tuning="meta", pool=solved, generate=chain)
    first = generator_of(ctx).first_request(seeds_of_recipe(ctx.recipe)[0])  # type: ignore[attr-defined]
    assert [turn.content.split(" 第")[0] for turn in first.messages[::2]][:-1] == ["p mood"] * 2


# Who reads it


def test_all_that_read_seeds_read_the_same_ones(tmp_path: Path) -> None:
    options = {"generator": "answers"}
    ctx = context(tmp_path, tuning="multitask", given=leaky(), target_rows=2, generate=options)
    seeds = seeds_of_recipe(ctx.recipe)
    assert len(seeds) == 14
    assert estimate(ctx, 3).seeds == 14
    requests = [request.messages[-1].content for _, _, request in own_requests(ctx)]
    assert requests == [seed.prompt for seed in seeds]
    assert [one.messages[-1].content for one in made_by(ctx)] == requests
    assert "generate: 14 requests" in said(ctx)
    ctx.run.save_recipe()
    assert seeds_of(None, ctx.recipe, Quiet()) == requests
    (tmp_path / "tasks.yaml").unlink()
    assert seeds_of(None, ctx.recipe, Quiet()) is None


def test_a_run_of_demonstrations_is_estimated_as_it_is_made(
    tmp_path: Path, local: FakeLikelihoods
) -> None:
    ctx = context(tmp_path, tuning="meta")
    made = estimate(ctx, 4)
    assert (made.seeds, made.requests, made.kept) == (12, 12, 4)
    generate(ctx)
    assert len(local.scored) == 12
    assert "12 requests, 4 already answered in the ledger, 8 left to ask" in said(ctx)


def test_bad_lines_are_skipped_where_the_recipe_says_so(tmp_path: Path) -> None:
    bad = [{"task": "mood", "input": ""}, *ROWS]
    with pytest.raises(DataError, match=r"rows\.jsonl, line 1: input must be a text"):
        seeds_of_recipe(context(tmp_path, tuning="meta", given=bad).recipe)
    ctx = context(tmp_path, tuning="meta", given=bad, on_bad_line="skip")
    ctx.run.save_recipe()
    assert tasks_of(made_by(ctx)) == {"mood": 6, "天气": 6}
    assert "skipped: " in said(ctx)
    assert said(ctx).count("input must be a text") == 1


# The inputs of the stage


def test_another_split_is_another_input(tmp_path: Path) -> None:
    def of(**changes: Any) -> str:
        return inputs(context(tmp_path, **changes))

    before = of(tuning="multitask", target_rows=3)
    assert of(tuning="multitask", target_rows=3) == before
    found = [
        before,
        of(tuning="multitask"),
        of(tuning="multitask", target_rows=3, rows=4),
        of(tuning="meta"),
        of(tuning="meta", split="train: [mood]\ntarget: [topic]\n"),
    ]
    assert len(set(found)) == len(found)
    assert inputs(context(tmp_path / "moved", tuning="meta")) == found[3]


def test_a_run_without_a_split_has_the_inputs_that_it_had(tmp_path: Path) -> None:
    """As they were before there were splits: what is done stays done."""
    ctx = context(tmp_path, tuning="meta")
    bare = ctx.recipe.seeds.model_copy(update={"split": None, "tuning": None})
    recipe = ctx.recipe.model_copy(update={"seeds": bare})
    expected = {
        "seeds": hashlib.sha256((tmp_path / "rows.jsonl").read_bytes()).hexdigest(),
        "demos": "",
        "limit": None,
        "on_bad_line": "stop",
        "teacher": dict(identity(recipe.teacher)),
        "generate": recipe.generate.model_dump(mode="json"),
        "seed": 0,
    }
    run = RunDir(tmp_path / "runs" / "y", recipe)
    assert inputs(Context(run, Notebook(), ctx.ledger)) == content_hash(expected)


def test_a_lost_or_wrong_split_file_is_a_sentence_before_anything_is_asked(
    tmp_path: Path, local: FakeLikelihoods
) -> None:
    ctx = context(tmp_path, tuning="meta", split="train: [mood]\ntarget: [topic]\nmore: [x]\n")
    with pytest.raises(RecipeError, match=r"tasks\.yaml, line 3: unknown key 'more'"):
        generate(ctx)
    (tmp_path / "tasks.yaml").unlink()
    with pytest.raises(DataError, match=r"cannot read the split file .*No such file"):
        generate(ctx)
    ctx = context(tmp_path, tuning="meta", split="train: [mood]\ntarget: [topics]\n")
    with pytest.raises(DataError, match=r"has no row of the task 'topics'.*did you mean 'topic'"):
        generate(ctx)
    assert local.scored == []
