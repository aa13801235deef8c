"""The loop, whole, against a server on loopback: its folder, its report, and what it asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import BudgetError
from limbeck.pipeline.iterate.loop import run_loop
from limbeck.store import read_json, read_jsonl, read_records
from limbeck.testing import ApiServer
from tests.pipeline.iterate.loops import ANSWER, REFER, WRITE, loop_in, recipe_data, said

Finished = tuple[Path, dict[str, Any], dict[str, Any], ApiServer]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[Finished]:
    folder = tmp_path_factory.mktemp("loop")
    with ApiServer(script=said) as server:
        data = recipe_data(
            folder, server.base_url, tiny_folder,
            iterate={"control": ["rows", "cost"], "held_out": str(folder / "held.jsonl")},
        )  # fmt: skip
        yield folder, data, run_loop(loop_in(folder, data)), server


def rows(path: Path) -> list[dict[str, Any]]:
    return [row for _, row in read_jsonl(path)]


def test_the_folder_holds_a_run_for_every_round(finished: Finished) -> None:
    folder, _, made, _ = finished
    home = folder / "loop"
    runs = sorted(path.parent.name for path in home.glob("*/manifest.json"))
    assert runs == ["control-cost-2", "control-rows-2", "round-1", "round-2"]
    assert read_json(home / "iterate.json") == made
    for name in ("iterate.md", "index.html", "iterate.yaml"):
        assert "duel" in (home / name).read_text(encoding="utf-8")
    ids = {(home / run / "id").read_text() for run in (*runs, ".")}
    assert len(ids) == 1, "one payer, one budget"


def test_new_instructions_join_both_pools(finished: Finished) -> None:
    home = finished[0] / "loop"
    new = list(read_records(home / "round-1/write/records.jsonl"))
    assert len(new) == 4
    second = rows(home / "round-2/seeds.jsonl")
    assert [row["id"] for row in second[-4:]] == [seed.id for seed in new]
    assert len(second) == 12 + 4
    kinds = {row["seed"]: row["kind"] for row in rows(home / "round-1/discriminate/pairs.jsonl")}
    assert len(kinds) == 8
    by_kind = {"adversarial_hard.v1": "hard", "adversarial_easy.v1": "easy"}
    for seed in new:
        (parent,) = seed.provenance.parents
        assert kinds[parent] == by_kind[seed.provenance.prompt_version]
    answered = {
        r.provenance.parents[0] for r in read_records(home / "round-2/generate/records.jsonl")
    }
    assert {seed.id for seed in new} <= answered


def test_the_cost_arm_buys_what_the_loop_paid(finished: Finished) -> None:
    home = finished[0] / "loop"
    as_many = list(read_records(home / "control-rows-2/write/records.jsonl"))
    for_as_much = list(read_records(home / "control-cost-2/write/records.jsonl"))
    assert len(as_many) == 4
    assert len(for_as_much) > 4, "the referee is paid by the loop alone"
    assert [r.id for r in for_as_much[:4]] == [r.id for r in as_many], "asked once for both"
    loop_rows = read_json(home / "round-2/train/summary.json")["examples"]
    assert read_json(home / "control-rows-2/train/summary.json")["examples"] == loop_rows


def test_held_out_prompts_are_in_no_pool(finished: Finished) -> None:
    home = finished[0] / "loop"
    held = {row["prompt"] for row in rows(finished[0] / "held.jsonl")}
    assert len(held) == 3
    for path in home.rglob("seeds.jsonl"):
        asked = {row.get("prompt") or row.get("instruction") for row in rows(path)}
        assert not asked & held
    for name in ("round-1/base_held_out", "round-1/held_out", "control-rows-2/held_out"):
        assert {row["prompt"] for row in rows(home / name / "pairs.jsonl")} == held


def test_again_it_asks_nothing_and_changes_nothing(finished: Finished) -> None:
    folder, data, made, server = finished
    asked = len(server.bodies)
    assert len({json.dumps(body, sort_keys=True) for body in server.bodies}) == asked
    files = [path for path in (folder / "loop").rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files if path.name != "log.jsonl"}
    assert run_loop(loop_in(folder, data)) == made
    assert len(server.bodies) == asked
    assert [path for path, text in before.items() if path.read_bytes() != text] == []


def test_every_part_was_asked_as_often_as_it_should(finished: Finished) -> None:
    bodies = finished[3].bodies
    kinds = [body["max_tokens"] for body in bodies]
    pairs = [1 for path in (finished[0] / "loop").rglob("pairs.jsonl") for _ in rows(path)]
    # Students that say the same to a prompt are reviewed once.
    assert 2 * 8 * 2 <= kinds.count(REFER) <= 2 * len(pairs)
    assert kinds.count(WRITE) >= 4
    # 12 seeds, 3 held-out prompts, and what each arm made; sampled pairs cost no answer more.
    new = {
        seed.id
        for path in (finished[0] / "loop").rglob("write/records.jsonl")
        for seed in read_records(path)
    }
    assert kinds.count(ANSWER) == 12 + 3 + len(new) - unused(finished[0] / "loop")


def unused(home: Path) -> int:
    """What the last round would have gone on with: nothing, since it writes nothing."""
    return sum(1 for path in home.glob("round-2/write/records.jsonl") for _ in rows(path))


def test_a_spent_budget_stops_it_and_more_lets_it_go_on(
    tmp_path: Path, tiny_folder: Path, finished: Finished
) -> None:
    with ApiServer(script=said) as server:
        data = recipe_data(tmp_path, server.base_url, tiny_folder, iterate={"control": []})
        with pytest.raises(BudgetError):
            run_loop(loop_in(tmp_path, data | {"budget": {"tokens": 2_000}}))
        asked = [json.dumps(body, sort_keys=True) for body in server.bodies]
        assert asked
        made = run_loop(loop_in(tmp_path, data | {"budget": {"tokens": 2_000_000}}))
        again = [json.dumps(body, sort_keys=True) for body in server.bodies]
    assert again[: len(asked)] == asked
    assert len(set(again)) == len(again)
    assert made["schema"] == "limbeck.iterate/1"


def test_a_round_goes_on_from_the_one_before(tmp_path: Path, tiny_folder: Path) -> None:
    with ApiServer(script=said) as server:
        data = recipe_data(
            tmp_path, server.base_url, tiny_folder,
            iterate={"control": [], "start": "previous", "train_pool": "replace"},
        )  # fmt: skip
        run_loop(loop_in(tmp_path, data))
    home = tmp_path / "loop"
    assert len(rows(home / "round-2/seeds.jsonl")) == 4
    base = (home / "round-2/train/base/model.safetensors").read_bytes()
    assert base == (home / "round-1/train/base/model.safetensors").read_bytes()
    assert str(home / "round-1/train/student") in (home / "round-2/recipe.yaml").read_text()


def test_the_stop_rule_ends_it(tmp_path: Path, tiny_folder: Path) -> None:
    """A gain of 2 is more than any score can make."""
    with ApiServer(script=said) as server:
        data = recipe_data(
            tmp_path, server.base_url, tiny_folder,
            iterate={"control": [], "rounds": 4, "stop": {"patience": 1, "min_gain": 2.0}},
        )  # fmt: skip
        made = run_loop(loop_in(tmp_path, data))
    assert made["stop"]["why"].startswith("stopped after round 2: for 1 round the held-out score")
    assert not (tmp_path / "loop" / "round-3").exists()
    assert not (tmp_path / "loop" / "round-2" / "write").exists()
