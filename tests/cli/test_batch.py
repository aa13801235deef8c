"""`limbeck batch`: what is printed, the exit code, and a real kill in the middle of a submit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from limbeck.testing import BatchServer
from tests.testing.wire import until

KEY = "sk-a-key-that-nobody-sees"


def words_of(*words: object) -> list[str]:
    return [sys.executable, "-m", "limbeck", "batch", *map(str, words)]


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"LIMBECK_LEDGER": str(folder / "ledger.sqlite"), "OPENAI_API_KEY": KEY}


def limbeck(*words: object, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        words_of(*words),
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        timeout=60,
        check=False,
        env=environment(cwd),
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert KEY not in done.stderr + done.stdout
    return done


def recipe(folder: Path, base_url: str, **teacher: Any) -> str:
    rows = "".join(json.dumps({"prompt": f"{i} où? 北京 🙂"}) + "\n" for i in range(3))
    (folder / "seeds.jsonl").write_text(rows, encoding="utf-8")
    job = {
        "name": "跑",
        "seeds": "seeds.jsonl",
        "teacher": {"model": "openai:m", "base_url": base_url, "attempts": 1, **teacher},
        "student": "fake:s",
    }
    (folder / "r.yaml").write_text(json.dumps(job), encoding="utf-8")
    return "r.yaml"


def test_a_batch_is_submitted_watched_and_collected(tmp_path: Path) -> None:
    with BatchServer(api_key=KEY) as server:
        file = recipe(tmp_path, server.base_url)
        told = limbeck("submit", file, "--most", 2, cwd=tmp_path).stderr.splitlines()
        one, two = server.batches
        assert told[1:] == [
            f"batch {one}: 2 requests, validating",
            f"batch {two}: 1 request, validating",
        ]
        server.fail(one, "Quota 满了")
        server.finish(two)
        lines = limbeck("status", file, cwd=tmp_path).stdout.splitlines()
        assert [line.split()[:2] for line in lines[:3:2]] == [[one, "failed"], [two, "completed"]]
        assert lines[1] == "  Quota 满了 (token_limit_exceeded)"
        assert lines[2].endswith("1 answered, 0 failed of 1  to collect")
        assert lines[3] == "To bring the answers: limbeck batch collect 'runs/跑'"
        told = limbeck("collect", "runs/跑", cwd=tmp_path).stderr.splitlines()
        assert told[0] == f"batch {two} (completed): 1 new answers"
        assert "limbeck batch submit 'runs/跑'" in told[1]
        [row, _] = json.loads(limbeck("status", file, "--json", cwd=tmp_path).stdout)["batches"]
        assert (row["id"], row["status"], row["errors"]) == (
            one, "failed", ["Quota 满了 (token_limit_exceeded)"],
        )  # fmt: skip
        told = limbeck("cancel", file, cwd=tmp_path).stderr.splitlines()
        assert told == ["no batch of runs/跑 is under way: nothing was cancelled"]


def test_a_submit_that_is_killed_in_the_middle_is_found_again(tmp_path: Path) -> None:
    with BatchServer(latency=0.2) as server:
        file = recipe(tmp_path, server.base_url)
        process = subprocess.Popen(
            words_of("submit", file), cwd=tmp_path, env=environment(tmp_path)
        )
        try:
            until(lambda: len(server.batches) == 1)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        [name] = server.batches
        told = limbeck("submit", file, cwd=tmp_path).stderr
        assert f"batch {name} was made by an interrupted submit; it is adopted" in told
        assert "3 in batches that are not collected, 0 to submit" in told
        assert list(server.batches) == [name]


@pytest.mark.parametrize("verb", ["submit", "cancel"])
def test_what_the_user_can_mend_is_one_sentence(verb: str, tmp_path: Path) -> None:
    file = recipe(tmp_path, "http://127.0.0.1:1/v1", give_up_after=1)
    told = limbeck(verb, file, cwd=tmp_path, code=2).stderr
    wanted = "gives no answer" if verb == "submit" else "is no run yet"
    assert told.startswith("limbeck: ")
    assert wanted in told
