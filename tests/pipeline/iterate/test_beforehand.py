"""What would stop a later round is said before the first call is paid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.pipeline.iterate.beforehand import check_stop
from limbeck.pipeline.iterate.loop import run_loop
from limbeck.pipeline.iterate.outlook import outlook
from limbeck.store import read_json, write_jsonl
from limbeck.testing import ApiServer
from tests.pipeline.iterate.loops import ANSWER, loop_in, recipe_data, said

PATHS = {"generator": "chain_of_thought", "max_tokens": ANSWER, "paths": 1}
NUMBERS = [
    {"prompt": f"{n} 加 {n} 等于几？", "target": str(2 * n), "kind": "number"} for n in range(16)
]
MANY = {"prompt": "Combien 🌊 ?", "target": "beaucoup", "kind": "number"}


def data_of(folder: Path, url: str, student: Path, **changes: Any) -> dict[str, Any]:
    """Ten seeds, and a reserve that has them and six more."""
    made = recipe_data(folder, url, student, **changes)
    write_jsonl(folder / "seeds.jsonl", NUMBERS[:10])
    write_jsonl(folder / "more.jsonl", NUMBERS)
    return made


def test_a_seed_that_is_skipped_is_in_no_later_round(tmp_path: Path, tiny_folder: Path) -> None:
    with ApiServer(script=said) as server:
        data = data_of(
            tmp_path, server.base_url, tiny_folder, generate=PATHS,
            seeds={"on_bad_line": "skip"}, iterate={"control": []},
        )  # fmt: skip
        write_jsonl(tmp_path / "seeds.jsonl", [*NUMBERS[:10], MANY])
        made = run_loop(loop_in(tmp_path, data))
    assert [run["seeds"] for run in made["runs"]] == [10, 14]
    assert read_json(tmp_path / "loop" / "round-1" / "discriminate" / "summary.json")["cache"] == 10


@pytest.mark.parametrize(
    ("more", "changes", "told"),
    [
        (MANY, {"generate": PATHS}, r"more\.jsonl, the question 'Combien 🌊 \?': the target"),
        (
            {"prompt": "Combien 🌊 ?"},
            {"format": {"valid": 0, "test": 0, "completions": "target"}},
            r"1 of 17 questions of .*more\.jsonl lack a target, such as 'Combien 🌊 \?', and f",
        ),
        ({"prompt": "Combien 🌊 ?"}, {"filters": ["answer"]}, "and the filter answer wants that"),
        (
            {"prompt": "Combien 🌊 ?"},
            {"train": {"objective": "step_by_step", "options": {"answer_weight": 1}}},
            r"the question 'Combien 🌊 \?' of .*more\.jsonl has no target",
        ),
    ],
)
def test_a_reserve_that_a_later_round_would_refuse_is_told(
    tmp_path: Path, tiny_folder: Path, more: Any, changes: dict[str, Any], told: str
) -> None:
    with ApiServer(script=said) as server:
        data = data_of(tmp_path, server.base_url, tiny_folder, **changes)
        data["iterate"]["reserve"] = str(tmp_path / "more.jsonl")
        assert outlook(loop_in(tmp_path, data))
        write_jsonl(tmp_path / "more.jsonl", [*NUMBERS, more])
        for do in (outlook, run_loop):
            with pytest.raises(UserError, match=told):
                do(loop_in(tmp_path, data))
        assert server.bodies == []


def test_a_stop_rule_that_watches_a_folder_is_told(tmp_path: Path, tiny_folder: Path) -> None:
    """A folder's tasks stand under their own names, and no round would have a score."""
    exam = tmp_path / "考试"
    exam.mkdir()
    (exam / "sums.yaml").write_text("task: sums\n", encoding="utf-8")
    for tasks, watched in (([str(exam)], "考试"), ([str(exam / "sums.yaml")], "sums")):
        data = recipe_data(
            tmp_path, "http://127.0.0.1:9/v1", tiny_folder,
            eval={"tasks": tasks}, iterate={"stop": {"task": watched}},
        )  # fmt: skip
        if watched == "sums":
            check_stop(loop_in(tmp_path, data).recipe)
            continue
        for do in (outlook, run_loop):
            with pytest.raises(
                UserError, match=r"task is '考试', which is the folder /.*考试: its"
            ):
                do(loop_in(tmp_path, data))
