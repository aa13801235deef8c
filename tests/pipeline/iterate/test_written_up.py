"""The loop's report says what this loop did, and nothing that an earlier one left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import DataError, UserError
from limbeck.pipeline.iterate.loop import run_loop
from limbeck.store import read_json
from limbeck.testing import Answer, ApiServer
from limbeck.testing.server import error_body, prompt_text
from tests.pipeline.iterate.loops import ANSWER, REFER, loop_in, recipe_data, said


def test_a_change_that_cannot_be_is_not_kept(tmp_path: Path, tiny_folder: Path) -> None:
    data = recipe_data(tmp_path, "http://127.0.0.1:9/v1", tiny_folder)
    loop = loop_in(tmp_path, data)
    kept = loop.folder / "iterate.yaml"
    kept.parent.mkdir()
    kept.write_text(loop.recipe.to_yaml(), encoding="utf-8")
    before = kept.read_bytes()
    data["seeds"] = {"path": str(tmp_path / "无.jsonl")}
    with pytest.raises(DataError, match="无"):
        run_loop(loop_in(tmp_path, data))
    assert kept.read_bytes() == before


def test_a_loop_that_fails_late_has_a_page_of_what_it_did(
    tmp_path: Path, tiny_folder: Path
) -> None:
    """The key is refused when the first written instruction is to be answered."""
    home = tmp_path / "loop"

    def refusing(body: dict[str, Any], number: int) -> Answer:
        if body["max_tokens"] == ANSWER and "🌊" in prompt_text(body):
            return Answer(error_body("Incorrect API key provided", "invalid_api_key"), 401)
        return said(body, number)

    with ApiServer(script=refusing) as server:
        data = recipe_data(
            tmp_path, server.base_url, tiny_folder, iterate={"control": [], "new": 2}
        )
        with pytest.raises(UserError):
            run_loop(loop_in(tmp_path, data))
    made = read_json(home / "iterate.json")
    assert [run["number"] for run in made["runs"]] == [1]
    assert (made["whole"], made["stop"]["why"]) == (False, "1 of 2 rounds are done")
    assert "1 of 2 rounds are done" in (home / "index.html").read_text(encoding="utf-8")


def test_a_changed_loop_reports_nothing_of_the_earlier_one(
    tmp_path: Path, tiny_folder: Path
) -> None:
    """Two rounds with held-out prompts; then one without, whose folders still hold the reviews and
    the new instructions; then the first again, which asks nothing and says the same."""
    home = tmp_path / "loop"
    with ApiServer(script=said) as server:
        longer = recipe_data(
            tmp_path, server.base_url, tiny_folder,
            iterate={"control": [], "held_out": str(tmp_path / "held.jsonl"), "new": 2},
        )  # fmt: skip
        first = run_loop(loop_in(tmp_path, longer))
        assert first["base_held_out"]["n"] == 3
        (told, _) = first["runs"]
        assert told["written"]["kept"] == 2
        assert told["cost"]["held_out"]["calls"] == 3 + 2 * (2 * 3)
        asked = len(server.bodies)
        shorter = recipe_data(
            tmp_path, server.base_url, tiny_folder, iterate={"control": [], "new": 2, "rounds": 1}
        )
        second = run_loop(loop_in(tmp_path, shorter))
        assert len(server.bodies) == asked
        assert second["base_held_out"] is None
        (told,) = second["runs"]
        assert (told["held_out"], told["written"]) == (None, None)
        assert list(told["cost"]) == ["imitate", "discriminate"]
        assert read_json(home / "iterate.json") == second
        assert run_loop(loop_in(tmp_path, longer)) == first
        assert len(server.bodies) == asked


def test_a_finished_loop_that_is_changed_and_fails_is_not_whole(
    tmp_path: Path, tiny_folder: Path
) -> None:
    """Its first student is another one by then, and the numbers are those of the old one."""
    home, refuses = tmp_path / "loop", False

    def refusing(body: dict[str, Any], number: int) -> Answer:
        if refuses and body["max_tokens"] == REFER:
            return Answer(error_body("Incorrect API key provided", "invalid_api_key"), 401)
        return said(body, number)

    with ApiServer(script=refusing) as server:
        data = recipe_data(tmp_path, server.base_url, tiny_folder, iterate={"control": []})
        first = run_loop(loop_in(tmp_path, data))
        refuses = True
        changed = data | {"train": data["train"] | {"epochs": 2}}
        changed["iterate"] = data["iterate"] | {"sample": 9}
        with pytest.raises(UserError):
            run_loop(loop_in(tmp_path, changed))
        assert read_json(home / "iterate.json") == first | {"whole": False}
        refuses = False
        assert run_loop(loop_in(tmp_path, data)) == first
    assert read_json(home / "iterate.json")["whole"]
