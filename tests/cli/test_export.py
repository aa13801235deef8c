"""`limbeck export`: what it writes and says, and what is one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from limbeck.cli.app import app
from limbeck.errors import UserError


def run(*words: object) -> str:
    result = CliRunner().invoke(app, ["export", *map(str, words)])
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def table(folder: Path) -> Path:
    path = folder / "in.jsonl"
    rows = [
        {"instruction": "你好", "input": "", "output": "=1"},
        {"instruction": "b", "input": "c", "output": "NA"},
        {"instruction": "d"},
        {"nothing": 1},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_it_says_what_was_written_and_what_was_not(tmp_path: Path) -> None:
    to = tmp_path / "out" / "set.csv"
    lines = run(table(tmp_path), "--format", "alpaca", "--to", to).splitlines()
    assert lines[1:] == [
        f"2 rows: {to}",
        "  left out: 1 rows without an answer",
        "  1 cells have an apostrophe before what a spreadsheet would run; --formulas leaves them "
        "as they are",
        "not read: 1 (no_instruction)",
        f"  {tmp_path / 'in.jsonl'}, line 4: no instruction found: a row has messages, "
        "conversations or one of instruction, prompt, question, query, problem, input; this one "
        "has nothing",
        "1 rows have a text such as NA or null, which pandas, and datasets with it, takes for none "
        "in a CSV; JSON lines and Parquet keep it",
        f"LLaMA-Factory: dataset set in {tmp_path / 'out' / 'dataset_info.json'}",
        "axolotl:",
        "  datasets:",
        f"  - path: {to}",
        "    ds_type: csv",
        "    type: alpaca",
    ]
    assert to.read_bytes().decode() == (
        '"instruction","input","output"\r\n"你好","","\'=1"\r\n"b","c","NA"\r\n'
    )


def test_json_has_the_same(tmp_path: Path) -> None:
    to = tmp_path / "set.jsonl"
    found = json.loads(
        run(table(tmp_path), "--format", "prompt-completion", "--to", to, "--json", "--text")
    )
    assert found["files"] == [
        {"split": "", "path": str(to), "rows": 2, "left_out": {"without an answer": 1},
         "replaced": 0, "hidden": 0}
    ]  # fmt: skip
    assert found["columns"] == ["prompt", "completion"]
    assert found["unreadable"] == {"no_instruction": 1}
    assert found["entries"]["set"]["columns"] == {"prompt": "prompt", "response": "completion"}
    rows = [json.loads(line) for line in to.read_text(encoding="utf-8").splitlines()]
    assert rows == [
        {"prompt": "你好", "completion": "=1"}, {"prompt": "b\n\nc", "completion": "NA"},
    ]  # fmt: skip


def test_escapes_of_a_terminal_are_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "in\x1b[2J.jsonl"
    path.write_text('{"prompt": "\\u001b]0;x\\u0007", "completion": "c"}\n{"\\u001b[2J": 1}\n')
    out = run(path, "--format", "messages", "--to", tmp_path / "o\x1b[2J.jsonl")
    assert "\x1b" not in out
    assert "\x07" not in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--format", "chatml"), "--format is one of messages, alpaca, .*, got 'chatml'"),
        (("--format", "alpaca", "--file-type", "xls"), "--file-type is one of jsonl, .*'xls'"),
        (("--format", "alpaca", "--split", "test"), "has no split|no splits"),
        (
            ("--format", "alpaca", "--formulas"),
            "--formulas is about the cells of a CSV, and this w",
        ),
    ],
)
def test_a_wrong_option_is_one_sentence(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    table(folder)
    with pytest.raises(UserError, match=says):
        run(folder, "--to", tmp_path / "out", *words)
