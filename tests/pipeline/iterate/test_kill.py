"""Killed with -9 in each of its phases, the loop goes on and asks nothing again that was answered.

A real process against a real server on loopback; the ledger is read after every kill, as the next
process will find it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from limbeck.testing import ApiServer
from tests.pipeline.iterate.loops import ANSWER, REFER, WRITE, recipe_data, said
from tests.pipeline.test_resume import SECONDS, kill_when, recorded_prompts
from tests.tiny import save_tiny

WIDTH = 4


def start(recipe: Path) -> subprocess.Popen[str]:
    folder = recipe.parent
    environment = os.environ | {"LIMBECK_LEDGER": str(folder / "ledger.sqlite")}
    return subprocess.Popen(
        [sys.executable, "-m", "limbeck", "iterate", str(recipe), "--into", str(folder / "runs"),
         "--progress", "plain"],
        env=environment, cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def key(body: dict[str, Any]) -> tuple[str, int]:
    return body["messages"][-1]["content"], body["max_tokens"]


def test_a_kill_in_each_phase_costs_no_recorded_call(tmp_path: Path) -> None:
    with ApiServer(script=said, latency=0.03) as server:
        student = save_tiny(tmp_path / "tiny")
        data = recipe_data(
            tmp_path, server.base_url, student, iterate={"control": [], "new": 6, "sample": 10}
        )
        recipe = tmp_path / "recipe.yaml"
        recipe.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")

        def reached(kind: int, count: int) -> Callable[[], bool]:
            return lambda: sum(body["max_tokens"] == kind for body in server.answered) >= count

        points = [reached(ANSWER, 5), reached(REFER, 7), reached(WRITE, 3)]
        kills = []
        for point in points:
            kill_when(start(recipe), point)
            kills.append((len(server.bodies), recorded_prompts(tmp_path)))
        process = start(recipe)
        out, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, out

    for place, before in kills:
        assert before, "each kill came after something was answered"
        again = {key(body) for body in server.bodies[place:]} & before
        assert not again, "what was recorded is not paid twice"
    most = Counter(json.dumps(body, sort_keys=True) for body in server.bodies)
    assert sum(count - 1 for count in most.values()) <= WIDTH * len(points)
    made = json.loads((tmp_path / "runs/duel-iterate/iterate.json").read_text(encoding="utf-8"))
    assert [run["number"] for run in made["runs"]] == [1, 2]
