"""Killed with -9 anywhere, the same command again pays for nothing twice and loses nothing.

A real process against a real server on loopback; the server counts, the ledger is read after
every kill, as the next run will find it.
"""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from limbeck.ledger import Ledger
from limbeck.testing import Answer, ApiServer, completion, spoken
from tests.tiny import save_tiny

ROWS, WIDTH = 120, 8
EVAL = 9  # max_tokens of the evaluation: tells its requests apart
SECONDS = 120
# A shell's background jobs, CI's among them, hand down an ignored SIGINT.
START = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from limbeck.cli import main
main()
"""


FROM_SERVERS = "SELECT request FROM replies WHERE json_extract(teacher, '$.endpoint') <> 'local'"


def write_recipe(folder: Path, base_url: str, student: Path) -> Path:
    prompts = "".join(
        json.dumps({"prompt": f"第{i}个问题 – qu’est-ce que c’est, n° {i}? 🙂"}, ensure_ascii=False)
        + "\n"
        for i in range(ROWS)
    )
    (folder / "seeds.jsonl").write_text(prompts, encoding="utf-8")
    recipe = folder / "recipe.yaml"
    recipe.write_text(
        f"""
name: killed
seeds: seeds.jsonl
teacher: {{model: "openai:m", base_url: "{base_url}", concurrency: {WIDTH}}}
generate: {{max_tokens: 32}}
format: {{valid: 10, test: 20}}
student: {student}
train: {{epochs: 6, batch_tokens: 256}}
eval: {{tasks: [imitation], max_tokens: {EVAL}}}
""",
        encoding="utf-8",
    )
    return recipe


def start(recipe: Path, *more: str, verb: str = "run") -> subprocess.Popen[str]:
    folder = recipe.parent
    environment = os.environ | {"LIMBECK_LEDGER": str(folder / "ledger.sqlite")}
    return subprocess.Popen(
        [sys.executable, "-c", START, verb, str(recipe), "--into", str(folder / "runs"),
         "--progress", "plain", *more],
        env=environment, cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def kill_when(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not reached():
        assert process.poll() is None, f"ended early:\n{process.communicate()[0]}"
        assert time.monotonic() < deadline, "never got there"
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def asked(body: dict[str, Any]) -> str:
    """What makes a request one: everything the server saw of it."""
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


def recorded_prompts(folder: Path) -> set[tuple[str, int]]:
    """(prompt, max_tokens) of every reply in the ledger that the server gave: base and student
    answer in the process."""
    with Ledger(folder / "ledger.sqlite"):  # recovers the write-ahead log, as a run does
        pass
    with sqlite3.connect(folder / "ledger.sqlite") as link:
        rows = [json.loads(row) for (row,) in link.execute(FROM_SERVERS)]
    link.close()
    return {(row["messages"][-1]["content"], row["max_tokens"]) for row in rows}


def key(body: dict[str, Any]) -> tuple[str, int]:
    return body["messages"][-1]["content"], body["max_tokens"]


def test_three_kills_cost_no_recorded_call_and_every_row_is_there_once(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "killed"
    with ApiServer(latency=0.03) as server:
        recipe = write_recipe(tmp_path, server.base_url, save_tiny(tmp_path / "tiny"))
        points: list[Callable[[], bool]] = [
            lambda: len(server.answered) >= 37,  # in the middle of generate
            lambda: len(server.answered) >= 90,  # and again
            lambda: sum(body["max_tokens"] == EVAL for body in server.answered) >= 5,
        ]
        kills: list[tuple[int, set[tuple[str, int]]]] = []
        for reached in points:
            kill_when(start(recipe), reached)
            kills.append((len(server.bodies), recorded_prompts(tmp_path)))
        process = start(recipe)
        out, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, out
        sent = len(server.bodies)
        process = start(recipe)
        out, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, out
        assert len(server.bodies) == sent, "a finished run asks nothing"

    for place, before in kills:
        assert before, "each kill came after something was answered"
        repeated = [key(body) for body in server.bodies[place:] if key(body) in before]
        assert repeated == [], "a reply that was in the ledger was asked for again"
    told = Counter(asked(body) for body in server.bodies)
    assert sum(told.values()) - len(told) <= 3 * WIDTH, "only what was in flight is asked twice"
    rows = [json.loads(line) for line in _text(run / "generate" / "records.jsonl").splitlines()]
    prompts = [row["messages"][-1]["content"] for row in rows]
    seeds = _text(tmp_path / "seeds.jsonl").splitlines()
    assert prompts == [json.loads(line)["prompt"] for line in seeds]
    assert all(row["completion"] == spoken([row["messages"][-1]]) for row in rows)
    assert (run / "manifest.json").is_file()
    assert list(run.rglob("*.part")) == []


def test_the_first_lines_say_what_was_found_and_what_is_left(tmp_path: Path) -> None:
    with ApiServer(latency=0.01) as server:
        recipe = write_recipe(tmp_path, server.base_url, save_tiny(tmp_path / "tiny"))
        kill_when(start(recipe, verb="generate"), lambda: len(server.answered) >= 50)
        found = len(recorded_prompts(tmp_path))
        again = start(recipe, verb="generate")
        out, _ = again.communicate(timeout=SECONDS)
    assert "killed: taken up again; to do: generate, filter" in out
    assert f"{ROWS} requests, {found} already answered" in out
    assert f"{ROWS - found} left to ask" in out


def test_a_hopeless_row_hurts_no_neighbour_and_is_asked_again_only_on_request(
    tmp_path: Path,
) -> None:
    broken = [True]

    def script(body: dict[str, Any], number: int) -> Answer | None:
        if broken[0] and "n° 7?" in body["messages"][-1]["content"]:
            return Answer({"error": {"message": "too odd", "code": "bad"}}, 400)
        return Answer(completion(spoken(body["messages"])))

    with ApiServer(script=script) as server:
        recipe = write_recipe(tmp_path, server.base_url, save_tiny(tmp_path / "tiny"))
        process = start(recipe, verb="generate")
        out, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, out
        assert "1 of 120 requests failed" in out
        folder = tmp_path / "runs" / "killed" / "generate"
        assert len(_text(folder / "records.jsonl").splitlines()) == ROWS - 1
        [failure] = [json.loads(line) for line in _text(folder / "failures.jsonl").splitlines()]
        assert failure["reason"] == "bad_request"
        broken[0] = False
        sent = len(server.bodies)
        for verb in ("generate", "retry"):
            more = ["--reason", "timeout"] if verb == "retry" else []
            out, _ = start(recipe, *more, verb=verb).communicate(timeout=SECONDS)
            assert len(server.bodies) == sent, out
        process = start(recipe, "--reason", "bad_request", verb="retry")
        out, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, out
        assert len(server.bodies) == sent + 1
        assert len(_text(folder / "records.jsonl").splitlines()) == ROWS


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("key", "refused the API key in OPENAI_API_KEY"),
        ("model", "does not know the model 'm'"),
        ("closed", "nothing answers at the teacher's endpoint"),
    ],
)
def test_an_endpoint_that_refuses_is_one_sentence_and_few_requests(
    tmp_path: Path, kind: str, words: str
) -> None:
    refusals: dict[str, dict[str, Any]] = {
        "key": {"api_key": "another"},
        "model": {"models": ("other",)},
        "closed": {},
    }
    with ApiServer(**refusals[kind]) as server:
        recipe = write_recipe(tmp_path, server.base_url, save_tiny(tmp_path / "tiny"))
        if kind != "closed":
            out = start(recipe, verb="generate").communicate(timeout=SECONDS)[0]
    if kind == "closed":
        text = recipe.read_text("utf-8").replace("concurrency", "attempts: 1, concurrency")
        recipe.write_text(text, "utf-8")
        out = start(recipe, verb="generate").communicate(timeout=SECONDS)[0]
    assert words in out
    assert "Traceback" not in out
    assert len(server.bodies) <= WIDTH
    assert not (tmp_path / "runs/killed/generate/records.jsonl").exists()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def test_the_key_reaches_the_server_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "sk-hunter2-0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", secret)

    def script(body: dict[str, Any], number: int) -> Answer | None:
        if number == 3:  # some servers quote the key back at you
            return Answer({"error": {"message": f"bad request by {secret}"}}, 400)
        return None

    with ApiServer(script=script, api_key=secret) as server:
        recipe = write_recipe(tmp_path, server.base_url, save_tiny(tmp_path / "tiny"))
        out = start(recipe, verb="generate").communicate(timeout=SECONDS)[0]
    assert set(server.authorizations) == {f"Bearer {secret}"}
    assert "1 of 120 requests failed" in out
    assert secret not in out
    holding = [p for p in tmp_path.rglob("*") if p.is_file() and secret.encode() in p.read_bytes()]
    assert holding == []


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_stops_with_the_line_that_resumes(tmp_path: Path, name: str) -> None:
    number = signal.Signals[name]
    with ApiServer(latency=0.05) as server:
        recipe = write_recipe(tmp_path, server.base_url, save_tiny(tmp_path / "tiny"))
        process = start(recipe)
        deadline = time.monotonic() + SECONDS
        while len(server.answered) < 20:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(number)
        out, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 128 + number, out
        assert f"To go on: limbeck run {recipe}" in out
        assert "Traceback" not in out
        before, sent = recorded_prompts(tmp_path), len(server.bodies)
        assert {key(body) for body in server.bodies} <= before, "what was in flight was awaited"
        process = start(recipe, verb="generate")
        out, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, out
    assert [key(body) for body in server.bodies[sent:] if key(body) in before] == []


def test_a_terminal_that_was_closed_loses_nothing(tmp_path: Path) -> None:
    """The kernel sends SIGHUP, and from then on what is written to the terminal fails."""
    own = "import fcntl, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\n" + START
    with ApiServer(latency=0.05) as server:
        recipe = write_recipe(tmp_path, server.base_url, save_tiny(tmp_path / "tiny"))
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", own, "generate", str(recipe), "--into", str(tmp_path / "runs")],
            env=os.environ | {"LIMBECK_LEDGER": str(tmp_path / "ledger.sqlite")},
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        deadline = time.monotonic() + SECONDS
        while len(server.answered) < 20:
            assert time.monotonic() < deadline
            if select.select([ours], [], [], 0.01)[0]:
                os.read(ours, 65536)
        os.close(ours)
        assert process.wait(SECONDS) == 128 + signal.SIGHUP
    assert {key(body) for body in server.bodies} == recorded_prompts(tmp_path)
    assert len(server.bodies) < ROWS
