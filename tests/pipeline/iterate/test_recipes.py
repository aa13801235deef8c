"""The recipe of one run of the loop."""

from __future__ import annotations

from pathlib import Path

from limbeck.pipeline.iterate.recipes import run_recipe
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.yaml_lines import Places
from tests.pipeline.iterate.loops import recipe_data


def recipe(folder: Path, name: str = "duel") -> Recipe:
    data = recipe_data(
        folder, "http://127.0.0.1:9/v1", folder, name=name, seed=7,
        seeds={"limit": 5, "on_bad_line": "skip", "licence": "cc0-1.0"},
    )  # fmt: skip
    data["budget"] = {"tokens": 99}
    return Recipe.of(data, folder, Places(None, "test"))


def test_the_first_round_is_the_recipe_without_its_loop(tmp_path: Path) -> None:
    whole = recipe(tmp_path)
    one = run_recipe(whole, "round-1")
    assert one.name == "duel.round-1"
    expected = whole.model_dump() | {"name": one.name, "iterate": None}
    assert one.model_dump() == expected


def test_a_later_round_reads_its_own_pool_whole(tmp_path: Path) -> None:
    """A limit or a way with bad lines is for the user's file, not for what the loop wrote."""
    pool, before = tmp_path / "回合 2.jsonl", RunDir(tmp_path / "round-1", recipe(tmp_path))
    pool.write_text("", encoding="utf-8")
    one = run_recipe(recipe(tmp_path), "round-2", seeds=pool, previous=before)
    assert one.seeds.path == pool
    assert (one.seeds.limit, one.seeds.on_bad_line) == (None, "stop")
    assert one.seeds.licence == "cc0-1.0"
    assert one.need_student().start == tmp_path / "round-1" / "train" / "student"
    assert (one.seed, one.budget.tokens) == (7, 99)


def test_a_name_stays_one(tmp_path: Path) -> None:
    long = "n" * 100
    for name in ("round-1", "control-cost-12"):
        made = run_recipe(recipe(tmp_path, long), name).name
        assert made.endswith(f".{name}")
        assert len(made) <= 100
