"""Two real runs at once over one ledger: nothing is paid twice, a killed run holds up nobody."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from limbeck.testing import ApiServer
from tests.engine import SECONDS, count, start, until, write_recipe

ROWS, WIDTH = 48, 8


@pytest.mark.parametrize("killed", [False, True])
def test_two_runs_at_once_send_each_request_once(tmp_path: Path, killed: bool) -> None:
    with ApiServer(latency=0.2) as server:
        first = write_recipe(tmp_path, server.base_url, ROWS)
        second = tmp_path / "zweite.yaml"
        second.write_text(first.read_text("utf-8").replace("name: r\n", "name: zweite\n"), "utf-8")
        one = start(tmp_path, "generate", str(first), "--progress", "quiet")
        two = start(tmp_path, "generate", str(second), "--progress", "quiet")
        try:
            if killed:
                until(lambda: count(tmp_path) >= WIDTH, one)
                one.kill()  # and nobody waits for it: its entry in the process table stays
            out = two.communicate(timeout=SECONDS)[0]
            assert two.returncode == 0, out
            assert killed or (one.wait(SECONDS) == 0)
        finally:
            for process in (one, two):
                process.kill()
                process.communicate()
        sent = Counter(json.dumps(body, sort_keys=True) for body in server.bodies)
    assert len(sent) == ROWS
    assert len(server.bodies) <= ROWS + (WIDTH if killed else 0), "each body is sent once"
    for name in ["zweite"] if killed else ["r", "zweite"]:
        rows = (tmp_path / "runs" / name / "generate" / "records.jsonl").read_text("utf-8")
        assert len(rows.rstrip("\n").split("\n")) == ROWS
