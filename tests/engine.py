"""The real command against a server in this process: recipes, processes, signals, the ledger."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SECONDS = 60
# A shell's background jobs, CI's among them, hand down an ignored SIGINT.
START = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from limbeck.cli import main
main()
"""


def prompts(count: int) -> list[str]:
    return [f"第{i}个问题 – qu’est-ce que c’est, n° {i}? 🙂" for i in range(count)]


def write_recipe(
    folder: Path, base_url: str, rows: int | Sequence[dict[str, Any]], *, teacher: str = "",
    more: str = "", student: object = "bundled",
) -> Path:  # fmt: skip
    """A recipe called `r`, whose ledger is ledger.sqlite beside it and runs in `runs`."""
    seeds = [{"prompt": text} for text in prompts(rows)] if isinstance(rows, int) else rows
    lines = "".join(json.dumps(seed, ensure_ascii=False) + "\n" for seed in seeds)
    (folder / "seeds.jsonl").write_text(lines, encoding="utf-8")
    recipe = folder / "r.yaml"
    recipe.write_text(
        f"name: r\nseeds: seeds.jsonl\n"
        f'teacher: {{model: "openai:m", base_url: "{base_url}", concurrency: 8{teacher}}}\n'
        f"generate: {{max_tokens: 32}}\nstudent: {student}\n{more}",
        encoding="utf-8",
    )
    return recipe


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START, *words],
        env=os.environ | {"LIMBECK_LEDGER": str(folder / "ledger.sqlite")},
        cwd=folder,
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def limbeck(
    folder: Path, *words: str, code: int = 0, ctrl_c: Sequence[Callable[[], bool]] = ()
) -> str:
    """What the command prints; Ctrl-C is pressed as each of `ctrl_c` comes true."""
    process = start(folder, *words)
    try:
        for reached in ctrl_c:
            until(reached, process)
            process.send_signal(signal.SIGINT)
        out = process.communicate(timeout=SECONDS)[0]
    finally:
        process.kill()
    assert process.returncode == code, out
    assert "Traceback" not in out
    return out


def until(reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + SECONDS
    while not reached():
        assert process.poll() is None, f"ended early:\n{process.communicate()[0]}"
        assert time.monotonic() < deadline, "never got there"
        time.sleep(0.005)


def rows(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def records(folder: Path) -> list[dict[str, Any]]:
    return rows(folder / "runs" / "r" / "generate" / "records.jsonl")


def count(folder: Path, sql: str = "SELECT count(*) FROM replies") -> int:
    """A number out of the ledger; 0 while there is none."""
    path = folder / "ledger.sqlite"
    if not path.is_file():
        return 0
    with sqlite3.connect(path) as link:
        try:
            value = link.execute(sql).fetchone()[0]
        except sqlite3.OperationalError:  # not made yet
            value = 0
    link.close()
    return int(value or 0)
