"""`limbeck import`: what it writes, what it says, and what is one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from limbeck.cli.app import app
from limbeck.errors import UserError
from limbeck.seeds import read_seeds

CHAT: dict[str, Any] = {
    "messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "v"}]
}


def run(*words: object) -> str:
    result = CliRunner().invoke(app, ["import", *map(str, words)])
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def table(folder: Path) -> Path:
    path = folder / "ihre.csv"
    path.write_text("q,a,richtig,note\nWie viel ist 1 + 1?,Zwei 🐈,2,x\n", encoding="utf-8")
    return path


def test_it_says_what_was_read_as_what_and_what_is_lost(tmp_path: Path) -> None:
    to = tmp_path / "seeds.jsonl"
    out = run(
        table(tmp_path), "--to", to, "--column", "instruction=q", "--column", "output=a",
        "--targets", "richtig",
    )  # fmt: skip
    assert out.splitlines() == [
        "a CSV table, 1 row read as q, a",
        "  instruction     q",
        "  output          a",
        "  target          richtig",
        f"1 seed, 1 with an answer, 1 with a reference answer: {to}",
        f"To filter and train on them: seeds: {to} and generate: given in a recipe",
    ]
    (seed,) = read_seeds(to)
    assert (seed.prompt, seed.completion, seed.target) == ("Wie viel ist 1 + 1?", "Zwei 🐈", "2")


def test_json_has_the_same(tmp_path: Path) -> None:
    to = tmp_path / "seeds.jsonl"
    out = run(
        table(tmp_path), "--to", to, "--column", "instruction=q", "--column", "output=a", "--json"
    )
    found = json.loads(out)
    assert (found["written"], found["lost"]) == (1, [])


def test_escapes_of_a_terminal_are_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "p", "completion": "c", "\\u001b[2Jx": 1}\n{"a\\u001b": 1}\n')
    assert "\x1b" not in run(path, "--to", tmp_path / "to.jsonl")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--column", "q"), "--column is ROLE=COLUMN, such as instruction=q: .*; got 'q'"),
        (
            ("--column", "input=q", "--column", "input=a"),
            "--column input is there twice",
        ),
        (("--column", "inptu=q"), "did you mean 'input'"),
        (
            ("--targets", "richtg"),
            r"as target \(did you mean 'richtig'\?\); its columns",
        ),
    ],
)
def test_a_wrong_option_is_one_sentence(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    with pytest.raises(UserError, match=says):
        run(table(tmp_path), "--to", tmp_path / "to.jsonl", *words)


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ({"prompt": "p", "n": "x"}, "text=n", "'n' cannot be read as text beside prompt as instru"),
        ({"prompt": "p", "n": "x"}, "options=n", "n holds no options: 'x'"),
        ({"prompt": "p", "n": "x"}, "classification=n", "n says neither classification nor gen"),
        ({"prompt": "p", "n": ["x"]}, "kind=n", "n must be text, got"),
        (CHAT | {"n": "x"}, "input=n", "'n' cannot be read as input beside messages as messages"),
        (CHAT | {"n": []}, "history=n", "'n' cannot be read as history beside messages"),
        (
            {"instruction": "i", "instances": [{"input": "a"}], "n": "x"},
            "input=n",
            "'n' cannot be read as input",
        ),
        ({"custom_id": "1", "body": CHAT}, "instruction=body", "holds lines of a batch"),
    ],
)
def test_a_column_that_would_be_read_as_nothing_is_an_error(
    tmp_path: Path, row: dict[str, Any], column: str, says: str
) -> None:
    path = tmp_path / "列.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=says):
        run(path, "--to", tmp_path / "to.jsonl", "--column", column)


def test_the_source_is_never_written_over(tmp_path: Path) -> None:
    path = table(tmp_path)
    with pytest.raises(UserError, match="would write over the source"):
        run(path, "--to", path)
    assert path.read_text(encoding="utf-8").startswith("q,a")


def test_nothing_is_written_into_a_source_that_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "数据"
    folder.mkdir()
    (folder / "a.jsonl").write_text('{"prompt": "p"}\n' * 2, encoding="utf-8")
    for to in (folder / "seeds.jsonl", folder / "b" / ".." / "seeds.jsonl"):
        with pytest.raises(UserError, match="would write into the source"):
            run(folder, "--to", to)
    assert [path.name for path in folder.iterdir()] == ["a.jsonl"]
    out = run(folder, "--to", tmp_path / "seeds.jsonl")
    assert "\n1 row asks what an earlier one asks; all are written" in out


def test_an_empty_file_is_one_sentence_without_a_reason(tmp_path: Path) -> None:
    (tmp_path / "leer.jsonl").touch()
    with pytest.raises(UserError, match=r"leer\.jsonl has no row that can be a seed$"):
        run(tmp_path / "leer.jsonl", "--to", tmp_path / "to.jsonl")


def test_no_name_is_not_the_current_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the name of the data is empty"):
        run("", "--to", tmp_path / "to.jsonl")
