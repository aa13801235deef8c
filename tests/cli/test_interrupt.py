"""The teacher engine through the real command: Ctrl-C in every place, limits, progress."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from limbeck.testing import Answer, ApiServer
from tests.engine import count, limbeck, records, write_recipe
from tests.tiny import save_tiny


def test_ctrl_c_keeps_every_answer_in_flight_and_says_how_to_go_on(tmp_path: Path) -> None:
    with ApiServer(latency=0.5) as server:
        recipe = write_recipe(tmp_path, server.base_url, 60)
        into = ("--into", "my runs")
        out = limbeck(
            tmp_path, "generate", str(recipe), "--progress", "plain", *into,
            code=130, ctrl_c=[lambda: len(server.bodies) >= 12],
        )  # fmt: skip
        assert f"To go on: limbeck generate {recipe} --into 'my runs'\n" in out
        assert count(tmp_path) == len(server.bodies) == len(server.answered) < 60


def test_ctrl_c_when_all_is_sent_does_not_go_on_with_the_next_stage(tmp_path: Path) -> None:
    with ApiServer(latency=0.5) as server:
        recipe = write_recipe(tmp_path, server.base_url, 4)
        limbeck(
            tmp_path, "run", str(recipe), "--progress", "plain",
            code=130, ctrl_c=[lambda: len(server.bodies) >= 4],
        )  # fmt: skip
        assert count(tmp_path) == 4
        assert not (tmp_path / "runs" / "r" / "filter").exists()


def test_the_second_ctrl_c_does_not_wait_for_slow_answers(tmp_path: Path) -> None:
    with ApiServer(latency=30) as server:
        recipe = write_recipe(tmp_path, server.base_url, 60)
        pressed: list[float] = []

        def again() -> bool:
            pressed.append(time.monotonic())
            return pressed[-1] - pressed[0] > 0.3

        out = limbeck(
            tmp_path, "generate", str(recipe), "--progress", "plain",
            code=130, ctrl_c=[lambda: len(server.bodies) >= 8, again],
        )  # fmt: skip
        assert time.monotonic() - pressed[-1] < 2
        assert out.count("To go on:") == 1


def test_ctrl_c_wakes_who_waits_for_the_next_attempt(tmp_path: Path) -> None:
    limited = Answer({"error": {"message": "慢"}}, 429, {"Retry-After": "50"})
    with ApiServer(script=lambda body, number: limited) as server:
        recipe = write_recipe(tmp_path, server.base_url, 30)
        began = time.monotonic()
        reached = [lambda: len(server.bodies) >= 8 and time.monotonic() - began > 1.5]
        limbeck(tmp_path, "generate", str(recipe), "--progress", "plain", code=130, ctrl_c=reached)
        assert time.monotonic() - began < 20


def test_ctrl_c_in_estimate_and_retry_gives_their_own_line(tmp_path: Path) -> None:
    with ApiServer(latency=0.4) as server:
        recipe = write_recipe(tmp_path, server.base_url, 60)
        for words in (
            ("estimate", str(recipe), "--sample", "30", "--good", "7"),
            ("retry", str(recipe), "--reason", "timeout", "--reason", "empty"),
        ):
            sent = len(server.bodies)
            out = limbeck(
                tmp_path, *words, "--progress", "plain",
                code=130, ctrl_c=[lambda: len(server.bodies) >= sent + 8],  # noqa: B023
            )  # fmt: skip
            assert f"To go on: limbeck {' '.join(words)}\n" in out
            assert count(tmp_path) == len(server.bodies)


@pytest.mark.slow
def test_ctrl_c_in_the_evaluation_keeps_what_was_in_flight(tmp_path: Path) -> None:
    with ApiServer(latency=0.2) as server:
        recipe = write_recipe(
            tmp_path, server.base_url, 30, student=save_tiny(tmp_path / "tiny"),
            more="format: {valid: 2, test: 18}\ntrain: {epochs: 1}\n"
            "eval: {tasks: [imitation], max_tokens: 9}\n",
        )  # fmt: skip
        out = limbeck(
            tmp_path, "run", str(recipe), "--progress", "plain", code=130,
            ctrl_c=[lambda: sum(body["max_tokens"] == 9 for body in server.bodies) >= 4],
        )  # fmt: skip
        assert "eval student: done" in out
        assert f"To go on: limbeck run {recipe}\n" in out
        paid = "SELECT count(*) FROM replies WHERE run <> ''"  # base and student are nobody's cost
        assert count(tmp_path, paid) == len(server.bodies)


@pytest.mark.slow
def test_ctrl_c_with_a_local_teacher_ends_its_batch_and_keeps_it(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "http://127.0.0.1:9/v1", 400)
    text = recipe.read_text("utf-8").replace("openai:m", str(save_tiny(tmp_path / "tiny")))
    recipe.write_text(text.replace("concurrency: 8", "batch_size: 4"), "utf-8")
    out = limbeck(
        tmp_path, "generate", str(recipe), "--progress", "plain",
        code=130, ctrl_c=[lambda: count(tmp_path) >= 4],
    )  # fmt: skip
    assert 4 <= count(tmp_path) < 400
    assert f"To go on: limbeck generate {recipe}\n" in out


def test_a_wait_of_a_day_stops_the_run_with_a_sentence(tmp_path: Path) -> None:
    over = Answer({"error": {"message": "今天用完了"}}, 429, {"Retry-After": "86400"})
    with ApiServer(script=lambda body, number: over if number >= 20 else None) as server:
        recipe = write_recipe(tmp_path, server.base_url, 60)
        out = limbeck(tmp_path, "generate", str(recipe), "--progress", "plain", code=2)
    assert "asks for a wait of 24 h 00 min" in out
    assert "今天用完了" in out
    assert count(tmp_path) == 20
    assert len(server.bodies) <= 20 + 8


def test_the_recipes_own_limits_are_kept(tmp_path: Path) -> None:
    with ApiServer() as server:
        recipe = write_recipe(tmp_path, server.base_url, 12, teacher=", rpm: 300, tpm: 100000")
        began = time.monotonic()
        limbeck(tmp_path, "generate", str(recipe), "--progress", "quiet")
        assert time.monotonic() - began >= (12 - 5) / 5, "five a second, and no more"
    assert len(records(tmp_path)) == 12


def test_progress_in_json_shows_counts_and_cost(tmp_path: Path) -> None:
    with ApiServer(latency=0.2) as server:
        recipe = write_recipe(
            tmp_path, server.base_url, 60, teacher=", price: {input: 1000, output: 1000}"
        )
        out = limbeck(tmp_path, "generate", str(recipe), "--progress", "json")
    told = [json.loads(line) for line in out.splitlines()]
    progress = [row for row in told if row["event"] == "progress"]
    assert all(row["total"] == 60 and 0 < row["done"] <= 60 for row in progress)
    assert any("$0." in row["note"] for row in progress), progress
    assert [row["done"] for row in told if row["event"] == "end"] == [60]
    assert any("60 new answers cost $0.72" in row.get("text", "") for row in told)
