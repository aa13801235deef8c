"""`limbeck questions`: what it prints and writes, and what is one sentence."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from limbeck.cli.app import app
from limbeck.errors import UserError
from limbeck.questions import SETS, demos, make_questions, masked
from limbeck.questions.assign import assigned
from limbeck.questions.question import SPLITS
from limbeck.seeds import read_seeds
from limbeck.store import write_jsonl


class Done(NamedTuple):
    out: str
    error: UserError | None


def questions(*words: object) -> Done:
    """What is printed, and the user's error, which `limbeck.cli.main` turns into exit code 2."""
    result = CliRunner().invoke(app, ["questions", *map(str, words)])
    failed = result.exception if isinstance(result.exception, UserError) else None
    assert failed or result.exit_code == 0, result.output
    return Done(result.stdout, failed)


def rows_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_rows_are_printed_as_json_lines() -> None:
    rows = rows_of(questions("dates", "-n", 5, "--seed", 3, "--split", "test").out)
    assert rows == [q.row() for q in make_questions("dates", 5, seed=3, split="test")]
    assert list(rows[0]) == [
        *("id", "prompt", "target", "kind", "task", "family", "template", "split")
    ]


def test_names_of_every_script_are_written_as_they_are(tmp_path: Path) -> None:
    done = questions("arithmetic", "--into", tmp_path / "算术.jsonl")
    assert done.out == f"500 questions from 26 templates: {tmp_path / '算术.jsonl'}\n"
    text = (tmp_path / "算术.jsonl").read_text(encoding="utf-8")
    assert "José" in text
    assert "王芳" in text
    assert len(read_seeds(tmp_path / "算术.jsonl")) == 500


def test_solutions_come_on_request() -> None:
    [row] = rows_of(questions("arithmetic", "-n", 1, "--solutions").out)
    assert row["solution"].endswith(f"So the answer is {row['target']}.")
    assert "solution" not in rows_of(questions("arithmetic", "-n", 1).out)[0]


def test_worked_examples_for_a_recipe() -> None:
    rows = rows_of(questions("simple_dates", "--demos", 3, "--seed", 2).out)
    assert rows == [q.row(solution=True) for q in demos("simple_dates", 3, seed=2)]
    error = questions("simple_dates", "--demos", 0).error
    assert "--demos is at least 1, got 0" in str(error)


def test_the_list_shows_every_set_with_an_example() -> None:
    told = questions("--list").out
    for name in SETS:
        assert re.search(rf"^{name}: .*\n  \d+ templates: \d+ train, \d+ valid, \d+ test\n", told,
                         re.MULTILINE)  # fmt: skip
        assert f"  = {make_questions(name, 1)[0].target}\n" in told
    assert '[reasoning-gym]"' in told


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        {"question": f"{name} has {n} {thing}. How many {thing} has {name}?", "answer": n}
        for thing in (
            "figs",
            "pens",
            "cups",
            "hats",
            "keys",
            "cats",
            "pies",
            "bags",
            "nets",
            "jars",
        )
        for n, name in enumerate(("José", "王芳", "Zoë"), start=2)
    ]
    write_jsonl(tmp_path / "问题.jsonl", rows)
    return tmp_path / "问题.jsonl"


def test_a_file_is_split_by_template(data: Path, tmp_path: Path) -> None:
    told = questions("--split-file", data, "--into", tmp_path / "split").out
    parts = {
        name: rows_of((tmp_path / "split" / f"{name}.jsonl").read_text(encoding="utf-8"))
        for name in ("train", "valid", "test")
    }
    assert {name: len(rows) for name, rows in parts.items()} == {
        "train": 24,
        "valid": 3,
        "test": 3,
    }
    assert f"{tmp_path / 'split' / 'test.jsonl'}: 3 rows (10.0%)" in told
    assert len({masked(row["question"]) for row in parts["test"]}) == 1
    assert all("answer" in row for rows in parts.values() for row in rows)


def test_without_a_folder_the_parts_lie_beside_the_file(data: Path) -> None:
    questions("--split-file", data, "--shares", "50,50")
    folder = data.with_name("问题.jsonl.split")
    assert sorted(path.name for path in folder.iterdir()) == ["test.jsonl", "train.jsonl"]


def test_overlap_is_counted(data: Path, tmp_path: Path) -> None:
    write_jsonl(
        tmp_path / "test.jsonl",
        [
            {"prompt": "Ada has 9 figs. How many figs has Ada?"},
            {"prompt": "Ada has 9 pens. Why?"},
            {"prompt": "Who is Ada, and where, when and how does she live?"},
            {"prompt": "José has 2 figs. How many figs has José?"},
        ],
    )
    told = questions("--overlap", data, tmp_path / "test.jsonl").out
    assert re.search(r"Masked question in train +2 \(50\.0%\)", told)
    assert re.search(r"Masked context .* +3 \(75\.0%\)", told)
    assert re.search(r"word for word +1 \(25\.0%\)", told)
    assert "For example: Ada has 9 figs." in told
    found = json.loads(questions("--overlap", data, tmp_path / "test.jsonl", "--json").out)
    assert found["shared"] == [0, 3]
    assert found["context"] == [0, 1, 3]


def test_our_own_splits_do_not_overlap(tmp_path: Path) -> None:
    for split in ("train", "test"):
        questions("dates", "-n", 300, "--split", split, "--into", tmp_path / f"{split}.jsonl")
    told = questions("--overlap", tmp_path / "train.jsonl", tmp_path / "test.jsonl").out
    assert re.search(r"Masked question in train +0 \(0\.0%\)", told)
    assert re.search(r"Masked context .* +0 \(0\.0%\)", told)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "no question set 'nothing'. There are: dates, simple_dates, arithmetic"),
        ([], "give one of: a set's NAME, --list, --split-file FILE, --overlap TRAIN TEST"),
        (["dates", "--list"], "give one of"),
        (["dates", "--split", "dev"], "train, valid, test or all, got 'dev'"),
        (["dates", "-n", "0"], "at least 1, got 0"),
        (["--split-file", "none.jsonl"], "cannot read none.jsonl"),
        (["--split-file", "none.jsonl", "--shares", "80"], "--shares are two or three numbers"),
        (["--split-file", "none.jsonl", "--shares", "a,b"], "got 'a,b'"),
        (["--split-file", "none.jsonl", "--shares", "nan,1"], "got 'nan,1'"),
        (["--split-file", "none.jsonl", "--by", "word"], "--by is one of context, question"),
        (
            ["dates", "--split", "test", "--demos", "1"],
            "--split does nothing with --demos; it goes",
        ),
        (["dates", "-n", "5", "--demos", "1"], "--n does nothing with --demos; it goes with a set"),
        (
            ["dates", "--by", "foo"],
            "--by does nothing with a set's NAME; it goes with --split-file",
        ),
        (["dates", "--shares", "1,1"], "--shares does nothing with a set's NAME"),
        (["dates", "--json"], "--json does nothing with a set's NAME; it goes with --overlap"),
        (
            ["--list", "--seed", "0"],
            "--seed does nothing with --list; it goes with --split-file or",
        ),
        (["--split-file", "none.jsonl", "--solutions"], "--solutions does nothing with --split-fi"),
        (["--overlap", "a", "b", "--into", "c"], "--into does nothing with --overlap"),
        (["--list", "--demos", "1"], "--demos goes with a set's NAME"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(words: list[str], said: str) -> None:
    error = questions(*words).error
    assert said in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": "x"}', "line 2: no prompt found"),
        ('{"messages": 3}', "line 2: messages, conversations and instances are lists"),
        ("nonsense", "line 2: not JSON"),
    ],
)
def test_a_row_without_a_question_is_named_with_its_line(
    tmp_path: Path, line: str, said: str
) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(f'{{"prompt": "How much is 1 and 1?"}}\n{line}\n', encoding="utf-8")
    assert said in str(questions("--split-file", path).error)


def test_an_empty_file_has_no_question(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text("\n", encoding="utf-8")
    error = questions("--split-file", tmp_path / "q.jsonl").error
    assert str(error) == f"{tmp_path / 'q.jsonl'} has no question"


def test_the_commands_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "questions.md"
    if not page.is_file():
        pytest.skip("needs the source tree")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) == 6
    for command in commands:
        verb, *words = shlex.split(command, comments=True)[1:]
        assert verb == "questions"
        assert questions(*words).error is None
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == [
        *("test.jsonl", "train.jsonl", "valid.jsonl")
    ]


def test_the_page_counts_the_templates() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "questions.md"
    if not page.is_file():
        pytest.skip("needs the source tree")
    for name, questions_of in SETS.items():
        splits = list(assigned(questions_of).values())
        counts = ", ".join(str(splits.count(split)) for split in SPLITS)
        row = rf"^\| `{name}` .*\| {len(splits)} \({counts}\) \|$"
        assert re.search(row, page.read_text(encoding="utf-8"), re.MULTILINE), row
