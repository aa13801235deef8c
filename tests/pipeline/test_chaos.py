"""2,000 rows through a server that fails one body in five, in every way there is, and three kills
with -9: every answerable row once, every other one with its reason, nothing paid for twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from limbeck.ledger import Ledger
from limbeck.testing import FINAL, KINDS, FaultyServer
from limbeck.testing.server import spoken_to

ROWS, WIDTH, SECONDS = 2_000, 64, 200
# Kinds that cost seconds each are rarer; together one body in five.
SLOW = {"hang": 0.002, "drip": 0.002, "long_body": 0.001, "rate_limited": 0.004,
        "rate_limited_date": 0.004}  # fmt: skip
OTHERS = [kind for kind in KINDS if kind not in SLOW]
FAULTS = SLOW | dict.fromkeys(OTHERS, (0.2 - sum(SLOW.values())) / len(OTHERS))


def write_recipe(folder: Path, base_url: str) -> Path:
    prompts = [f"第{i}个问题 – qu’est-ce que c’est, n° {i}? 🙂" for i in range(ROWS)]
    lines = "".join(json.dumps({"prompt": text}, ensure_ascii=False) + "\n" for text in prompts)
    (folder / "seeds.jsonl").write_text(lines, encoding="utf-8")
    recipe = folder / "recipe.yaml"
    recipe.write_text(
        f"""
name: chaos
seeds: seeds.jsonl
teacher: {{model: "openai:m", base_url: "{base_url}", concurrency: {WIDTH}, timeout: 1.5}}
generate: {{max_tokens: 32}}
student: bundled
""",
        encoding="utf-8",
    )
    return recipe


def start(recipe: Path) -> subprocess.Popen[str]:
    folder = recipe.parent
    command = [sys.executable, "-m", "limbeck", "generate", str(recipe)]
    return subprocess.Popen(
        [*command, "--into", str(folder / "runs"), "--progress", "plain"],
        env=os.environ | {"LIMBECK_LEDGER": str(folder / "ledger.sqlite")},
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def stored(folder: Path) -> int:
    with Ledger(folder / "ledger.sqlite") as ledger:
        return ledger.counts()[0]


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def test_nothing_is_lost_doubled_or_paid_twice(tmp_path: Path) -> None:
    with FaultyServer(FAULTS, seed=5, latency=0.02, drip_seconds=0.02) as server:
        recipe = write_recipe(tmp_path, server.base_url)
        in_flight = 0
        for enough in (300, 900, 1_500):
            process = start(recipe)
            deadline = time.monotonic() + SECONDS
            while len(server.answered) < enough:
                assert process.poll() is None, process.communicate()[0]
                assert time.monotonic() < deadline, "never got there"
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            in_flight += WIDTH
        process = start(recipe)
        out, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, out
        forced = sum(n for kind, n in server.injected.items() if kind not in {*FINAL, "long_body"})
        assert len(server.bodies) <= ROWS + forced + in_flight
        sent = len(server.bodies)
        out, _ = start(recipe).communicate(timeout=SECONDS)
        assert len(server.bodies) == sent, f"a finished run asks nothing:\n{out}"

    bodies = {body["messages"][-1]["content"]: body for body in server.bodies}
    drawn = {prompt: server.fault_of(body) for prompt, body in bodies.items()}
    assert set(server.injected) == set(KINDS), "every kind of fault was met"

    folder = tmp_path / "runs" / "chaos" / "generate"
    records = rows_of(folder / "records.jsonl")
    failures = rows_of(folder / "failures.jsonl")
    got = Counter(record["messages"][-1]["content"] for record in records)
    wanted = {prompt for prompt, kind in drawn.items() if kind != "bad_request"}
    assert len(bodies) == ROWS
    assert got == dict.fromkeys(wanted, 1)
    assert [f["reason"] for f in failures] == ["bad_request"] * (ROWS - len(wanted))
    for record in records:
        prompt = record["messages"][-1]["content"]
        kind, finish = drawn[prompt], record["meta"]["finish_reason"]
        assert finish == (kind if kind in ("length", "content_filter") else "stop")
        if kind not in ("length", "content_filter", "long_body"):
            assert record["completion"] == spoken_to(bodies[prompt])
    assert stored(tmp_path) == len(wanted)
