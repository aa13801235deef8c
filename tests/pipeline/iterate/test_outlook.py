"""What a loop would do, in lines, and that saying so does nothing."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from limbeck.errors import DataError, UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.iterate.outlook import REFEREE, WORST, outlook
from limbeck.progress import Quiet
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.store import write_json, write_jsonl

API = {"model": "openai:m", "base_url": "http://127.0.0.1:9/v1"}
PRICE = {"price": {"input": 1, "output": 10}}  # dollars per million
QUESTIONS = [{"prompt": f"{n} 加 {n} 等于几？", "target": str(2 * n)} for n in range(9)]
ITEMS = [{"prompt": f"{n} 乘 {n} 等于几？", "target": str(n * n)} for n in range(2)]
OPEN = [{"prompt": f"Raconte {n} choses sur la mer 🌊"} for n in range(4)]


def loop(folder: Path, section: dict[str, Any], **changes: Any) -> Any:
    """What `loop_of` gives, as far as the outlook looks at it."""
    write_jsonl(folder / "seeds.jsonl", QUESTIONS[:3])
    write_jsonl(folder / "reserve.jsonl", QUESTIONS)
    write_jsonl(folder / "open.jsonl", OPEN)
    write_jsonl(folder / "item.jsonl", ITEMS)
    job: dict[str, Any] = {
        "name": "r",
        "seeds": "seeds.jsonl",
        "teacher": "fake:t",
        "student": "fake:s",
        "generate": {"max_tokens": 10},
        "eval": {"tasks": ["item.jsonl"], "max_tokens": 7},
        "iterate": section,
    }
    recipe = Recipe.parse(yaml.safe_dump(job | changes), folder=folder)
    context = Context(RunDir(folder / "runs" / "r", recipe), Quiet(), folder / "ledger.sqlite")
    return SimpleNamespace(
        context=context, section=recipe.iterate, folder=folder / "runs" / "r-iterate"
    )


def row_of(lines: list[str], name: str) -> list[str]:
    """The cells of a table's first row of that name."""
    line, *_ = [line for line in lines if line.startswith(name + "  ")]
    return line.removeprefix(name).split()


def test_rounds_pools_and_scoring_are_told(tmp_path: Path) -> None:
    section = {"rounds": 3, "new": 2, "sample": 4, "by": "target", "reserve": "reserve.jsonl"}
    made = loop(tmp_path, section, generate={"max_tokens": 10, "paths": 2})
    assert outlook(made)[:9] == [
        f"{made.folder}: 3 rounds at most, 5 students to train; each from the base; the train pool "
        "is added to every round",
        "pools: 3 questions to train on, 3 to compare on",
        f"new questions: 2 a round from {tmp_path / 'reserve.jsonl'}, which has 6 that are in no "
        "pool and not held out",
        "answers are scored by target; a question without one is left out; hard is what the "
        "teacher does better by 1 of 10",
        "round 1: the teacher answers 3 questions; 3 of 3 are compared; then 2 new ones",
        "round 2: the teacher answers 5 questions, of which 2 are new; 4 of 5 are compared; then "
        "2 new ones",
        "round 3: the teacher answers 7 questions, of which 2 are new; 4 of 7 are compared",
        "control: every round after the first once more, with as many new rows from a random draw "
        "from the reserve",
        "ends before the last round once item was not above the best before for 1 round",
    ]
    lines = outlook(made)
    assert row_of(lines, "round 1: imitation")[0] == "6"
    assert row_of(lines, "round 3: control by rows, imitation")[0] == "4"
    assert WORST in lines
    assert "cost" not in " ".join(lines[9:11])  # nobody is paid
    assert lines[-1].startswith("Budget: none;")
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "ledger.sqlite").exists()


def test_a_teacher_and_a_referee_that_are_paid(tmp_path: Path) -> None:
    section = {
        "rounds": 2,
        "new": 5,
        "by": "referee",
        "referee": API | {"model": "openai:裁判", "max_tokens": 20} | PRICE,
        "held_out": "open.jsonl",
        "held_out_limit": 3,
        "train_pool": "replace",
        "start": "previous",
        "max_tokens": 30,
        "control": [],
        "stop": {"patience": 2, "min_gain": 0.01},
    }
    made = loop(tmp_path, section, teacher=API | PRICE, budget={"usd": 0.5, "tokens": "1M"})
    lines = outlook(made)
    told = "\n".join(lines)
    assert "each from the round before; the train pool is replaced every round" in told
    assert "new questions: written by the teacher, 5 a round" in told
    assert "held out: 3 prompts, on which the referee scores every student" in told
    assert "no control: what the loop itself brings is not measured" in told
    assert "item was not more than 0.01 above the best before for 2 rounds" in told
    assert "until under 5% of the last 50 calls' are kept" in told
    assert REFEREE in lines
    # 3 and 5 answers, 5 written, 3 held out, 2 items of the evaluation
    assert row_of(lines, "all of it")[0] == "18"
    # 3 and 8 pairs, base and two students on 3 prompts, all in both orders
    referee = lines[lines.index(next(one for one in lines if "round 2: referee" in one)) :]
    assert row_of(referee, "all of it")[0] == str(2 * (3 + 8 + 3 * 3))
    assert row_of(lines, "round 1: referee")[2] == str(6 * 20)
    calls, prompt, completion, cost = row_of(lines, "round 1: imitation")
    assert (calls, completion) == ("3", "30")
    assert cost == f"${(int(prompt) * 1 + 30 * 10) / 1e6:.6f}".rstrip("0")
    assert lines[-1] == (
        "Budget: $0.50 and 1,000,000 tokens for the whole loop, teacher and referee, restarts "
        "included; the worst case is within it, as far as it is known."
    )
    small = loop(tmp_path, section, teacher=API | PRICE, budget={"tokens": "2k"})
    assert "Budget: 2,000 tokens" in outlook(small)[-1]
    assert "the worst case is above it, and the loop would end there." in outlook(small)[-1]


def test_a_price_that_is_not_known_is_said(tmp_path: Path) -> None:
    lines = outlook(loop(tmp_path, {"referee": API | {"model": "openai:j"}}, teacher=API))
    told = [line for line in lines if line.startswith("Price: ")]
    assert [line.partition(" (")[0] for line in told] == [
        "Price: none is known for openai:m; put teacher.price",
        "Price: none is known for openai:j; put iterate.referee.price",
    ]
    assert (
        "answers are scored by target where that is an exact answer, else by the referee"
        in "\n".join(lines)
    )


def test_what_is_written_and_never_scored_is_said(tmp_path: Path) -> None:
    for section in ({}, {"by": "target"}):
        assert "it is never hard or easy" in "\n".join(outlook(loop(tmp_path, section)))
    assert "never hard" not in "\n".join(outlook(loop(tmp_path, {"reserve": "reserve.jsonl"})))


def test_a_reserve_that_is_too_small_is_said(tmp_path: Path) -> None:
    lines = outlook(loop(tmp_path, {"reserve": "reserve.jsonl", "new": 4, "rounds": 4}))
    assert (
        "has 6 that are in no pool and not held out; the 12 of all rounds are not there"
        in "\n".join(lines)
    )
    assert "then 2 new ones" in lines[5]


def test_files_are_checked_before_anything_is_paid(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"iterate\.held_out: cannot read"):
        outlook(loop(tmp_path, {"referee": "fake:j", "held_out": "nowhere.jsonl"}))
    (tmp_path / "other.jsonl").write_text(json.dumps(OPEN[0]) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="1 of 1 question has no target"):
        outlook(loop(tmp_path, {}, seeds="other.jsonl"))


def test_what_is_held_out_is_no_new_question(tmp_path: Path) -> None:
    made = loop(tmp_path, {"reserve": "reserve.jsonl"})
    write_jsonl(tmp_path / "reserve.jsonl", [*QUESTIONS[:5], *ITEMS])
    assert "has 2 that are in no pool and not held out; the 400" in "\n".join(outlook(made))


def test_a_held_out_item_in_a_pool_is_told(tmp_path: Path) -> None:
    made = loop(tmp_path, {})
    write_jsonl(tmp_path / "seeds.jsonl", [*QUESTIONS[:2], ITEMS[1]])
    with pytest.raises(UserError, match=r"seeds\.jsonl has 1 of the held-out items in it"):
        outlook(made)


WRITTEN = {"prompt": "写一句关于大海的话。", "output": "大海很深，也很蓝，里面住着许多鱼和鲸。"}


def test_targets_that_are_no_exact_answers_are_told_before_a_call(tmp_path: Path) -> None:
    """Without a referee nobody could score them, and the loop would end after its first round."""
    made = loop(tmp_path, {})
    row = {"instruction": WRITTEN["prompt"], "output": WRITTEN["output"]}
    write_jsonl(tmp_path / "seeds.jsonl", [*QUESTIONS[:2], row])
    with pytest.raises(DataError) as caught:
        outlook(made)
    told = str(caught.value)
    assert "seeds.jsonl: the answers to 1 of 3 questions cannot be scored, such as" in told
    assert "'写一句关于大海的话。', whose target is '大海很深" in told
    assert "name iterate.referee, give each question the kind of its answer, or set" in told
    for section in ({"by": "target"}, {"referee": "fake:r"}):
        made = loop(tmp_path, section)
        write_jsonl(tmp_path / "seeds.jsonl", [*QUESTIONS[:2], row])
        assert outlook(made)


def test_a_reserve_of_other_tasks_is_told(tmp_path: Path) -> None:
    made = loop(tmp_path, {"reserve": "reserve.jsonl"})
    write_jsonl(tmp_path / "reserve.jsonl", [row | {"task": "和"} for row in QUESTIONS])
    with pytest.raises(DataError, match=r"none of the 6 questions of .*reserve\.jsonl that are in"):
        outlook(made)
    # The seeds' own rows are read without the key, and then with it.
    write_jsonl(tmp_path / "seeds.jsonl", [row | {"task": "和"} for row in QUESTIONS[:3]])
    assert outlook(made)


@pytest.mark.parametrize("by", ["target", "auto"])
def test_a_reserve_whose_targets_cannot_be_read_is_told(tmp_path: Path, by: str) -> None:
    made = loop(tmp_path, {"reserve": "reserve.jsonl", "by": by})
    more = [*QUESTIONS, {"prompt": "Combien 🌊 ?", "target": "beaucoup", "kind": "number"}]
    write_jsonl(tmp_path / "reserve.jsonl", more)
    with pytest.raises(DataError, match=r"reserve\.jsonl: the answers to 1 of 10 questions"):
        outlook(made)


def test_by_target_some_target_must_be_readable(tmp_path: Path) -> None:
    rows = [{"prompt": f"Combien {n} ?", "target": "beaucoup", "kind": "number"} for n in range(3)]
    for good, fits in ((QUESTIONS[:1], True), ([], False)):
        made = loop(tmp_path, {"by": "target"})
        write_jsonl(tmp_path / "seeds.jsonl", [*good, *rows])
        if fits:
            assert outlook(made)
            continue
        with pytest.raises(DataError, match=r"3 of 3 questions .* targets that can be read"):
            outlook(made)


def test_a_written_target_is_the_referees_to_score(tmp_path: Path) -> None:
    made = loop(tmp_path, {"referee": "fake:r", "sample": None, "control": []})
    row = {"instruction": WRITTEN["prompt"], "output": WRITTEN["output"]}
    write_jsonl(tmp_path / "seeds.jsonl", [*QUESTIONS[:2], row])
    assert row_of(outlook(made), "round 1: referee")[0] == "2"


def test_what_is_found_is_told(tmp_path: Path) -> None:
    made = loop(tmp_path, {"rounds": 2, "control": ["rows", "cost"]})
    done = {"inputs": "x", "counts": {}, "files": {}}
    for name in (
        "round-1/generate", "round-1/filter", "round-1/discriminate", "control-cost-2/write",
    ):  # fmt: skip
        write_json(made.folder / name / "done.json", done)
    lost = done | {"files": {"gone.jsonl": "0"}}
    write_json(made.folder / "round-2" / "generate" / "done.json", lost)
    found = [line for line in outlook(made) if line.startswith("found: ")]
    assert found == [
        "found: round-1, generate, filter, discriminate done",
        "found: control-cost-2, write done",
    ]
    write_json(made.folder / "iterate.json", {"whole": True})
    assert f"found: a finished loop, {made.folder / 'index.html'}" in outlook(made)


def test_a_judge_judges_every_student(tmp_path: Path) -> None:
    judge = API | PRICE | {"against": ["base"], "max_tokens": 11}
    evaluation = {
        "tasks": ["item.jsonl"],
        "style": {"prompts": "open.jsonl", "max_tokens": 5},
        "judge": judge,
    }
    lines = outlook(loop(tmp_path, {"rounds": 2}, eval=evaluation))
    # 4 prompts, both orders; two rounds and a control
    assert row_of(lines, "judge (openai:m), every student")[0] == str(4 * 2 * 3)
