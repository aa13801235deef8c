"""The recipe's loop: what does not go with it, and its files, before anything is paid."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from limbeck.errors import DataError, RecipeError
from limbeck.models import OPENAI_URL
from limbeck.recipe import Iterate, Recipe
from limbeck.recipe_iterate_conflicts import GENERATORS, iterate_conflicts
from limbeck.recipe_iterate_files import check_pools, checked_files, read_files, unused
from limbeck.record import Record
from limbeck.registry import plugins
from limbeck.seeds import read_seeds
from tests.test_recipe import BASE, recipe, refused

LOOP: dict[str, Any] = {"eval": {"tasks": ["items.jsonl"]}, "iterate": {"rounds": 2}}


def loop(**changes: Any) -> dict[str, Any]:
    return BASE | LOOP | changes


def test_a_recipe_with_a_loop_is_right() -> None:
    made = recipe(**LOOP)
    assert made.iterate is not None
    assert (made.iterate.rounds, made.iterate.control) == (2, ("rows",))
    again = Recipe.parse(made.to_yaml(), folder=Path("/elsewhere"))
    assert again.iterate == made.iterate
    assert recipe().iterate is None
    assert iterate_conflicts(recipe()) == []


def test_paths_and_models_are_taken_from_the_recipes_folder(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    section = {"referee": "weights", "held_out": "开放.jsonl", "reserve": "../r.jsonl"}
    text = yaml.safe_dump(loop(iterate=section))
    made = Recipe.parse(text, folder=tmp_path).iterate
    assert made is not None
    assert made.referee is not None
    assert made.referee.model == str(tmp_path / "weights")
    assert made.held_out == tmp_path / "开放.jsonl"
    assert made.reserve == tmp_path.parent / "r.jsonl"
    assert made.cache is None
    api = Recipe.parse(yaml.safe_dump(loop(iterate={"referee": "openai:m"})), folder=tmp_path)
    assert api.iterate is not None
    assert api.iterate.referee is not None
    assert api.iterate.referee.base_url == OPENAI_URL


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"control": ["rows", "rows"]}, "control has 'rows' twice"),
        ({"control": ["rows", "cost", "cost"]}, "control has 'cost' twice"),
        ({"by": "referee"}, "by: referee needs a referee"),
        ({"by": "target", "referee": "fake:j"}, "by: target asks no referee"),
        ({"held_out": "p.jsonl"}, "held_out prompts are scored by the referee"),
        ({"held_out_limit": 5}, "held_out_limit has no effect without held_out"),
        ({"tau": 0}, "greater than 0"),
        ({"hard_shaer": 0.5}, "unknown key 'iterate.hard_shaer'"),
        ({"referee": {"model": "fake:j", "tau": 1}}, "unknown key 'iterate.referee.tau'"),
    ],
)
def test_a_section_that_is_wrong_in_itself_is_refused(section: Any, said: str) -> None:
    assert said in refused(yaml.safe_dump(loop(iterate=section), sort_keys=False))


def test_controls_are_a_list_or_one_or_none() -> None:
    controls = [
        made.control
        for value in ("rows", ["rows", "cost"], "none", None, [])
        if (made := recipe(**loop(iterate={"control": value})).iterate) is not None
    ]
    assert controls == [("rows",), ("rows", "cost"), (), (), ()]
    # The arm by cost is measured with what the other one's rows cost.
    assert Iterate(control=("cost", "rows")).control == ("rows", "cost")
    with pytest.raises(ValueError, match="cost needs rows beside it"):
        Iterate(control="cost")  # type: ignore[arg-type]  # as YAML has it


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"generate": "self_instruct"},
         "the generator self_instruct writes instructions of its own, and the loop writes them"),
        ({"generate": "given"}, "set generate.generator to answers or chain_of_thought"),
        ({"generate": {"generator": "demonstrations"}}, "labels rows of known tasks"),
        ({"eval": {"tasks": ["imitation", "items.jsonl"]}},
         "rows of each round's own train pool; take imitation out of eval.tasks"),
        ({"eval": {}}, "name a file of held-out items there"),
        ({"eval": {"tasks": []}}, "eval.tasks is empty"),
        ({"eval": {"tasks": [], "forgetting": ["items.jsonl"]}}, "eval.tasks is empty"),
        ({"iterate": {"stop": {"task": "item"}}},
         "iterate.stop.task is 'item', which is none of eval.tasks by name; there are items"),
        ({"seeds": {"path": "s.jsonl", "part": "2/3"}}, "run the loop on one machine"),
        ({"seeds": {"path": "s.jsonl", "split": "split.yaml", "tuning": "meta"}},
         "seeds.split split.yaml takes rows of labelled"),
        ({"filters": ["complete", "answer"]},
         "the filter answer wants the target of every question, and instructions that the teacher"),
        ({"format": {"completions": "target"}}, "format.completions: target wants the target"),
        ({"train": {"objective": "step_by_step"}}, "beside the generator answers wants"),
    ],
)  # fmt: skip
def test_what_does_not_go_with_a_loop_is_refused(change: dict[str, Any], said: str) -> None:
    message = refused(yaml.safe_dump(loop(**change), sort_keys=False))
    assert said in message
    assert message.startswith("r.yaml")
    alone = BASE | change
    alone.pop("iterate", None)
    if "demonstrations" not in str(change):
        assert Recipe.parse(yaml.safe_dump(alone), folder=Path("/r")).iterate is None


def test_the_message_points_at_the_line() -> None:
    text = yaml.safe_dump(loop(iterate={"stop": {"task": "x"}}), sort_keys=False)
    line = text.splitlines().index("    task: x") + 1
    assert refused(text).startswith(f"r.yaml, line {line}: ")


def test_every_generator_of_ours_goes_with_a_loop_or_is_named() -> None:
    ours = {plugin.name for plugin in plugins("generators") if plugin.source == "built-in"}
    assert ours - set(GENERATORS) == {"answers", "chain_of_thought"}


def test_the_stop_task_goes_by_a_files_name() -> None:
    made = recipe(**loop(eval={"tasks": ["a/数.jsonl", "gsm8k"]}, iterate={"stop": {"task": "数"}}))
    assert made.iterate is not None
    assert made.iterate.stop.task == "数"


def test_with_a_reserve_questions_have_targets() -> None:
    filters = {"filters": ["complete", "answer"], "format": {"completions": "target"}}
    assert recipe(**loop(iterate={"reserve": "more.jsonl"}, **filters))


@pytest.mark.parametrize("path", ["~nobody-here/题.jsonl", "a\0.jsonl"])
def test_what_cannot_be_a_path_is_told(path: str) -> None:
    message = refused(yaml.safe_dump(loop(iterate={"reserve": path})))
    assert f"iterate.reserve: {path} cannot be a path: " in message


@pytest.mark.parametrize(
    ("start", "own", "fits"),
    [("previous", "models/x", False), ("base", "models/x", True), ("previous", None, True)],
)
def test_where_the_student_starts_is_said_once(start: str, own: str | None, fits: bool) -> None:
    given: Any = SimpleNamespace(
        student=SimpleNamespace(start=own), iterate=SimpleNamespace(start=start)
    )
    [check] = [check for where, check in iterate_conflicts(given) if where == ("student", "start")]
    if fits:
        check()
        return
    with pytest.raises(RecipeError, match=r"student\.start is models/x, and with iterate\.start:"):
        check()


def test_dollars_need_the_referees_price_too() -> None:
    paid = {"model": "openai:裁判", "base_url": "http://h/v1"}
    section = {"by": "referee", "referee": paid}
    message = refused(yaml.safe_dump(loop(budget={"usd": 3}, iterate=section)))
    assert "no price is known for openai:裁判 at http://h/v1. Add iterate.referee.price" in message
    assert recipe(**loop(budget={"tokens": "3k"}, iterate=section))
    section["referee"] = paid | {"price": {"input": 1, "output": 2}}
    assert recipe(**loop(budget={"usd": 3}, iterate=section))
    assert recipe(**loop(budget={"usd": 3}, iterate={"referee": "fake:j"}))


# Files.

TARGETS = [{"prompt": f"{n} + {n} 等于几？", "target": str(2 * n)} for n in range(4)]
OPEN = [{"prompt": f"Écris un poème sur {word} 🌊"} for word in ("la mer", "ทะเล", "البحر")]


def seeds(folder: Path, rows: list[dict[str, Any]], name: str = "seeds.jsonl") -> list[Record]:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / name).write_text(text, encoding="utf-8")
    return read_seeds(folder / name)


def placed(folder: Path, **section: Any) -> Recipe:
    return Recipe.parse(yaml.safe_dump(loop(iterate=section)), folder=folder)


def test_open_prompts_without_a_referee_are_told(tmp_path: Path) -> None:
    pool = seeds(tmp_path, TARGETS + OPEN)
    with pytest.raises(DataError) as caught:
        check_pools(placed(tmp_path), pool)
    told = str(caught.value)
    assert told.startswith(f"{tmp_path / 'seeds.jsonl'}: 3 of 7 questions have no target, and ")
    assert "such as those to 'Écris un poème sur la mer 🌊'; name iterate.referee" in told
    assert "set iterate.by to target, which leaves them out" in told
    check_pools(placed(tmp_path, by="target"), pool)
    check_pools(placed(tmp_path, referee="fake:j"), pool)
    check_pools(placed(tmp_path, by="referee", referee="fake:j"), pool)
    check_pools(placed(tmp_path), seeds(tmp_path, TARGETS))


def test_by_target_some_question_must_have_one(tmp_path: Path) -> None:
    pool = seeds(tmp_path, OPEN[:1])
    with pytest.raises(DataError, match=r"1 of 1 question has no target, .* set iterate\.by to"):
        check_pools(placed(tmp_path, by="target"), pool)


def test_a_cache_of_its_own_is_what_is_scored(tmp_path: Path) -> None:
    cache = seeds(tmp_path, OPEN, "cache.jsonl")
    made = placed(tmp_path, cache="cache.jsonl")
    check_pools(made, seeds(tmp_path, OPEN), seeds(tmp_path, TARGETS))
    with pytest.raises(DataError, match=r"cache\.jsonl: 3 of 3 questions have no target"):
        checked_files(made, seeds(tmp_path, TARGETS))
    assert checked_files(placed(tmp_path, cache="cache.jsonl", referee="fake:j"), cache)[0] == cache


def test_a_file_that_cannot_be_read_is_named_with_its_key(tmp_path: Path) -> None:
    made = placed(tmp_path, referee="fake:j", held_out="没有.jsonl").iterate
    assert made is not None
    with pytest.raises(DataError, match=r"iterate\.held_out: cannot read .*没有\.jsonl: No such"):
        read_files(made)
    (tmp_path / "r.jsonl").write_text('{"prompt": "好"}\n{"prompt": ""}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"iterate\.reserve: .*r\.jsonl, line 2: prompt") as caught:
        checked_files(placed(tmp_path, by="target", reserve="r.jsonl"), seeds(tmp_path, TARGETS))
    assert caught.value.line == 2
    assert read_files(Iterate()) == (None, None, None)


def test_by_target_a_reserve_has_targets(tmp_path: Path) -> None:
    seeds(tmp_path, TARGETS + OPEN[:1], "r.jsonl")
    start = seeds(tmp_path, TARGETS[:2])
    for section in ({"by": "target"}, {}):
        made = placed(tmp_path, reserve="r.jsonl", **section)
        with pytest.raises(DataError, match="1 of 5 questions has no target, such as 'Écris"):
            checked_files(made, start)
    files = checked_files(placed(tmp_path, reserve="r.jsonl", referee="fake:j"), start)
    assert [record.prompt for record in unused(files.reserve or (), start, None)] == [
        "2 + 2 等于几？",
        "3 + 3 等于几？",
        "Écris un poème sur la mer 🌊",
    ]


def test_a_reserve_has_something_new(tmp_path: Path) -> None:
    start = seeds(tmp_path, TARGETS)
    seeds(tmp_path, TARGETS[1:3], "r.jsonl")
    with pytest.raises(DataError, match=r"r\.jsonl is in the pools from the start, and none is"):
        checked_files(placed(tmp_path, by="target", reserve="r.jsonl"), start)
    checked_files(placed(tmp_path, by="target", reserve="r.jsonl"), start[:2])


@pytest.mark.parametrize("where", ["seeds", "cache", "reserve"])
def test_held_out_prompts_are_in_no_pool(tmp_path: Path, where: str) -> None:
    held = [OPEN[0], {"prompt": "  écris UN poème sur ทะเล 🌊"}]
    seeds(tmp_path, held, "held.jsonl")
    files = {
        "seeds": seeds(tmp_path, TARGETS),
        "cache": seeds(tmp_path, TARGETS, "cache.jsonl"),
        "reserve": seeds(tmp_path, TARGETS[:1] + OPEN[2:], "reserve.jsonl"),
    }
    section = {"referee": "fake:j", "held_out": "held.jsonl"}
    section |= {"cache": "cache.jsonl", "reserve": "reserve.jsonl"}
    made = checked_files(placed(tmp_path, **section), files["seeds"]).held_out
    assert made is not None
    assert len(made) == 2
    files[where] = seeds(tmp_path, TARGETS + OPEN[1:2], f"{where}.jsonl")
    with pytest.raises(DataError) as caught:
        checked_files(placed(tmp_path, **section), files["seeds"])
    told = str(caught.value)
    assert "iterate.held_out: 1 of 2 prompts has a place in " in told
    assert f"{where}.jsonl too, such as 'écris UN poème sur ทะเล 🌊'" in told
