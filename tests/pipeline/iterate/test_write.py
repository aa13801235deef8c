"""The phase write, where new questions come out of a reserve: nobody is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from limbeck.generators.adversarial.sources import Source
from limbeck.pipeline.iterate.guard import Guard
from limbeck.pipeline.iterate.recipes import run_recipe
from limbeck.pipeline.iterate.write import write_control, write_from
from limbeck.record import Record
from limbeck.store import write_jsonl
from tests.pipeline.iterate.cast import pool
from tests.pipeline.iterate.loops import loop_in, recipe_data


@pytest.mark.parametrize("arm", ["loop", "control"])
def test_a_target_that_was_corrected_is_taken_over(tmp_path: Path, arm: str) -> None:
    """A question's id says nothing of its target."""
    reserve = tmp_path / "更多.jsonl"
    section = {"by": "target", "reserve": str(reserve), "new": 2, "referee": None}
    write_jsonl(reserve, [{"prompt": "x", "target": "1"}])
    data = recipe_data(tmp_path, "http://127.0.0.1:9/v1", tmp_path, iterate=section)
    loop = loop_in(tmp_path, data)
    context = loop.at("round-1", run_recipe(loop.recipe, "round-1"))
    known = pool({"prompt": "三加三等于几？", "target": "6"})
    guard = Guard(loop.recipe)

    def written(target: str) -> list[Record]:
        rows = [{"prompt": "四加四等于几？ 🌊", "target": target}]
        write_jsonl(reserve, rows)
        if arm == "control":
            return write_control(context, loop.section, known, known, guard, 0, 2)
        sources = [Source(known[0], "hard", 9.0)]
        return write_from(context, loop.section, sources, known, guard, 0)

    assert [seed.target for seed in written("7")] == ["7"]
    assert [seed.target for seed in written("8")] == ["8"]
