"""`limbeck ledger`: what is printed, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ledger.example import FORMAT_1, answered, put, texts


def limbeck(*words: object, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "limbeck", "ledger", *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        timeout=60,
        check=False,
        env=os.environ | {"LIMBECK_LEDGER": str(cwd / "ledger.sqlite")},
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    import sqlite3

    link = sqlite3.connect(tmp_path / "ledger.sqlite")
    link.executescript(FORMAT_1)
    link.close()
    return tmp_path


def test_stats_print_a_block_for_every_teacher(folder: Path) -> None:
    lines = limbeck("stats", cwd=folder).stdout.splitlines()
    assert lines[0].endswith("ledger.sqlite: 1 teacher, 2 replies")
    assert lines[2] == "é  模型"
    assert [line.split() for line in lines[3:6]] == [
        ["replies", "2", "length", "1,", "stop", "1"],
        ["failures", "1", "timeout", "1"],
        ["retired", "0"],
    ]
    assert lines[-1].split() == [
        "stored", "1970-01-01T00:16:40+00:00", "to", "1970-01-01T00:33:20+00:00"
    ]  # fmt: skip
    row = json.loads(limbeck("stats", "--json", cwd=folder).stdout)
    assert row["teachers"][0]["teacher"] == {"endpoint": "é", "model": "模型"}
    assert row["teachers"][0]["finish_reasons"] == {"length": 1, "stop": 1}
    assert row["teachers"][0]["first"] == "1970-01-01T00:16:40+00:00"


def test_export_goes_to_the_output_or_to_a_file(folder: Path) -> None:
    out = limbeck("export", cwd=folder).stdout
    assert [json.loads(line)["key"] for line in out.splitlines()] == ["key 1", "key 2"]
    assert limbeck("export", "-", cwd=folder).stdout == out
    said = limbeck("export", "出.jsonl", "--failures", cwd=folder).stdout
    assert said == "出.jsonl: 3 rows\n"
    assert (folder / "出.jsonl").read_text("utf-8").startswith(out)


def test_merge_says_what_was_copied(folder: Path) -> None:
    put(folder / "other", answered(1, "x"), answered(5), answered(6))
    lines = limbeck("merge", "other", cwd=folder).stdout.splitlines()
    assert lines[1].split() == ["replies", "2", "0"]
    assert lines[-1] == "1 key has another reply in OTHER; ours was kept"
    assert texts(folder / "ledger.sqlite", [1, 5]) == ["巴黎", "5"]


def test_what_the_user_can_mend_is_one_sentence(folder: Path) -> None:
    for words in (
        ("stats", "--ledger", "missing"),
        ("export", "--ledger", "missing"),
        ("merge", "missing"),
        ("merge", "ledger.sqlite"),
        ("export", "ledger.sqlite"),
    ):
        last = limbeck(*words, cwd=folder, code=2).stderr.splitlines()[-1]
        assert last.startswith("limbeck: ")
    assert not (folder / "missing").exists()
