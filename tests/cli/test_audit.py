"""`limbeck audit`: what is printed, what is written, and what is one sentence."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from limbeck.audit import verbs
from limbeck.cli.app import app
from limbeck.errors import UserError
from limbeck.testing import ApiServer
from limbeck.testing.server import Answer, answer_to
from tests.audit.small import write_rows

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk-fake"
QUESTIONS = ("instruction_valid", "input_fits", "output_correct")


class Done(NamedTuple):
    out: str
    err: str
    error: BaseException | None
    code: int


def limbeck(*words: object) -> Done:
    """What is printed, and the user's error, which `limbeck.cli.main` turns into exit code 2."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    failed = result.exception if isinstance(result.exception, UserError) else None
    assert failed or isinstance(result.exception, SystemExit | None), result.output
    return Done(result.stdout, result.stderr, failed, result.exit_code)


def audit(*words: object) -> Done:
    return limbeck("audit", *words, "--progress", "plain")


_tagger = cache(verbs.english_tagger)  # reading its model takes longer than a small audit


@pytest.fixture(autouse=True)
def tagger_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "english_tagger", _tagger)


@pytest.fixture(autouse=True)
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMBECK_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("MY_KEY", KEY)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "数据 1.jsonl")


@pytest.fixture
def judge() -> Iterator[ApiServer]:
    said = json.dumps(dict.fromkeys(QUESTIONS, "yes"))

    def script(body: dict[str, Any], number: int) -> Answer:
        return Answer(answer_to(body, said))

    with ApiServer(script=script, api_key=KEY) as server:
        yield server


def mark(sheet: Path, *marks: str) -> None:
    """Put the marks into every row, as a spreadsheet would save them."""
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with sheet.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(row | dict(zip(QUESTIONS, marks, strict=True)) for row in rows)


def test_an_audit_prints_the_verdict_and_writes_four_files(data: Path) -> None:
    done = audit(data)
    assert done.code == 0
    lines = done.out.splitlines()
    folder = data.with_name("数据 1.jsonl.audit")
    assert lines[0] == (
        "数据 1.jsonl: JSON lines, 5 rows read as instruction, input, output; "
        "3 rows read as instruction, output"
    )
    assert " in 8 rows: " in lines[2]
    duplicate = next(line for line in lines if "  Duplicates  " in line)
    assert duplicate.startswith("✗ Problem")
    assert "1 row of 8 (12.5%)" in duplicate
    assert len([line for line in lines if line[:2] in ("✗ ", "! ", "i ", "✓ ", "? ")]) == 21
    assert f"Audit: {folder / 'index.html'}" in lines
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["audit.json", "audit.md", "index.html", "sheet.csv"]
    # The command that it prints is one that a shell takes.
    assert lines[-1].endswith(f"limbeck audit '{data}' --marks '{folder / 'sheet.csv'}'")


def test_a_marked_sheet_is_read_back_and_never_written_over(data: Path, tmp_path: Path) -> None:
    into = tmp_path / "审计"
    audit(data, "--into", into, "--sample", 4)
    sheet = into / "sheet.csv"
    mark(sheet, "yes", "x", "1")
    marked = sheet.read_bytes()
    found = audit(data, "--into", into, "--marks", sheet).out
    assert (
        "0.0% [0.0%, 49.0%] of 4 marked rows are right in all three ways, marked by a human "
        "(54.0% [47.1%, 60.8%] in Self-Instruct)."
    ) in found
    text = (into / "audit.md").read_text("utf-8").replace("\\", "")
    assert "| Instruction is valid | 100.0% [51.0%, 100.0%] | 4 | 92.0% [87.4%, 95.0%] |" in text
    report = json.loads((into / "audit.json").read_text("utf-8"))
    assert report["marks"]["questions"]["input_fits"]["yes"] == 0
    again = audit(data, "--into", into).out
    assert "has marks and was left as it was. To count them: limbeck audit" in again
    assert f"--into '{into}' --marks '{sheet}'" in again
    assert sheet.read_bytes() == marked


def test_a_judge_marks_a_sheet_of_its_own_and_the_ledger_answers_again(
    data: Path, judge: ApiServer
) -> None:
    words = ["--judge", "openai:法官", "--base-url", judge.base_url, "--api-key-env", "MY_KEY"]
    found = audit(data, *words).out
    folder = data.with_name("数据 1.jsonl.audit")
    assert "Marked by the model openai:法官." in found
    assert f"The judge's marks: {folder / 'judged.csv'}" in found
    assert len(judge.bodies) == 7  # of 8 rows two are equal: one question
    assert '"yes"' not in (folder / "sheet.csv").read_text("utf-8")
    first = (folder / "audit.json").read_bytes()
    audit(data, *words)
    assert len(judge.bodies) == 7
    assert (folder / "audit.json").read_bytes() == first
    back = audit(data, "--marks", folder / "judged.csv").out
    assert "Marked by the model openai:法官." in back
    assert "A model marked rows" in (folder / "audit.md").read_text("utf-8")


def test_a_recipes_teacher_judges_within_a_budget(
    data: Path, judge: ApiServer, tmp_path: Path
) -> None:
    recipe = tmp_path / "judge.yaml"
    teacher = f"{{model: 'openai:m', base_url: '{judge.base_url}', api_key_env: MY_KEY"
    recipe.write_text(
        "name: r\nseeds: seeds.jsonl\nstudent: bundled\n"
        f"teacher: {teacher}, price: {{input: 1, output: 1}}}}\n",
        "utf-8",
    )
    done = audit(data, "--judge", recipe, "--budget", "0.5")
    assert "Marked by the model openai:m." in done.out
    assert "judge: 7 new answers cost $" in done.err
    words = ["--base-url", judge.base_url, "--api-key-env", "MY_KEY", "--budget", "1"]
    error = audit(data, "--judge", "openai:m", *words).error
    assert "a budget in dollars needs a price" in str(error)
    assert len(judge.bodies) == 7


def test_json_is_the_report(data: Path) -> None:
    printed = json.loads(audit(data, "--json").out)
    folder = data.with_name("数据 1.jsonl.audit")
    assert printed == json.loads((folder / "audit.json").read_text("utf-8"))
    assert printed["schema"] == "limbeck.audit/2"


def test_seeds_are_those_given_or_those_of_the_run(data: Path, tmp_path: Path) -> None:
    seeds = write_rows(tmp_path / "seeds.jsonl", [{"prompt": "为什么？"}, {"prompt": "Why?"}])
    audit(data, "--seeds", seeds)
    written = json.loads((tmp_path / "数据 1.jsonl.audit" / "audit.json").read_text("utf-8"))
    assert written["nearest_seed"]["seeds"] == 2
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: r\nseeds: seeds.jsonl\nteacher: fake:x\nstudent: bundled\n", "utf-8")
    limbeck("generate", recipe, "--into", tmp_path / "runs", "--progress", "quiet")
    run = tmp_path / "runs" / "r"
    found = audit(run).out
    assert found.startswith("r: every record of the run (not filtered yet), 2 rows read as limbeck")
    assert f"Audit: {run / 'audit' / 'index.html'}" in found
    report = json.loads((run / "audit" / "audit.json").read_text("utf-8"))
    assert (report["nearest_seed"]["seeds"], report["nearest_seed"]["same_words"]) == (2, 2)
    seeds.unlink()
    gone = audit(run)
    assert "are gone: no nearest seed is looked for" in gone.err
    report = json.loads((run / "audit" / "audit.json").read_text("utf-8"))
    assert report["nearest_seed"] is None


def test_instructions_alone_have_nothing_to_judge(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "machine_generated_instructions.jsonl", [{"instruction": "Sing."}])
    found = audit(data).out
    assert "read as instruction, without an output" in found
    assert "To say how good" not in found
    error = audit(data, "--judge", "fake:x").error
    assert "holds instructions without outputs: no judge can mark them" in str(error)


def test_lines_that_cannot_be_read_are_said(data: Path) -> None:
    data.write_text(data.read_text("utf-8") + '{"foo": "\x1b[31m"}\n', "utf-8")
    found = audit(data).out
    assert "line 9: not JSON" in found
    assert "\x1b" not in found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--marks", "s.csv", "--judge", "fake:x"], "--marks and --judge both mark the sheet"),
        (["--budget", "1"], "are about the judge: name --judge"),
        (["--judge", "fake:x", "--budget", "-1"], "--budget is dollars above 0, got -1.0"),
        (["--judge", "fake:x", "--budget", "nan"], "--budget is dollars above 0, got nan"),
        (["--judge", "fake:x", "--base-url", "http://h/v1"], "--base-url goes with openai:MODEL"),
        (["--judge", "nonsense"], "nonsense"),
        (["--tokenizer", "words"], "--tokenizer is one of rouge, unicode, got 'words'"),
        (["--marks", "none.csv"], "cannot read none.csv: No such file"),
        (["--seeds", "none.jsonl"], "none.jsonl"),
        (["--fail-on", "duplicate>0"], "did you mean 'duplicates'?"),
        (["--fail-on", "duplicates<1"], "the operator is > or >=, got <"),
        (["--against", "languge"], "did you mean 'language'?"),
        (["--against", "/"], "--against takes files of items, and / is a folder"),
        (["--column", "prompt"], "--column is ROLE=COLUMN"),
        (["--column", "a=b", "--column", "a=c"], "--column a is there twice: 'b' and 'c'"),
        (["--column", "instruktion=instruction"], "did you mean 'instruction'?"),
        (["--column", "instruction=frage"], "has no column 'frage'"),
        (["--targets", "gold"], "has no column 'gold'"),
    ],
)
def test_what_a_user_can_mend_is_one_sentence(data: Path, words: list[str], said: str) -> None:
    error = audit(data, *words).error
    assert said in str(error)
    assert not data.with_name("数据 1.jsonl.audit").exists()


def test_an_unknown_progress_and_missing_data_are_told(data: Path, tmp_path: Path) -> None:
    error = limbeck("audit", data, "--progress", "loud").error
    assert "--progress is one of auto, rich, plain, json, quiet, got 'loud'" in str(error)
    assert "cannot read" in str(audit(tmp_path / "none.jsonl").error)
    (tmp_path / "empty").mkdir()
    assert str(tmp_path / "empty") in str(audit(tmp_path / "empty").error)


def test_what_the_docs_show_is_what_is_printed(tmp_path: Path) -> None:
    pytest.importorskip("HanTa")
    pytest.importorskip("py3langid")
    text = (ROOT / "docs" / "audit.md").read_text("utf-8")
    table = text.split("```text\n")[1].split("```")[0].splitlines()
    found = audit(ROOT / "datasets" / "seed_tasks.jsonl", "--into", tmp_path / "audit").out
    assert found.splitlines()[: len(table)] == table


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["duplicates>0"], 1, ["duplicates>0: duplicates has 1 of 8 rows (12.5%)"]),
        (["duplicates>12.5%"], 0, []),
        (["duplicates>=12.5%,unreadable>0"], 1, ["duplicates>=12.5%: duplicates has 1 of 8 rows"]),
        (["unreadable>0", "problems>20"], 0, []),
        (["problems>0"], 1, ["problems>0: there "]),
        (
            ["wrong_answers>5%", "duplicates>0"],
            1,
            ["wrong_answers>5%: wrong_answers was not measured: ", "duplicates>0: "],
        ),
    ],
)
def test_fail_on_decides_the_exit_code(
    data: Path, given: list[str], code: int, said: list[str]
) -> None:
    words = [word for one in given for word in ("--fail-on", one)]
    done = audit(data, *words)
    assert done.code == code
    lines = [line for line in done.err.splitlines() if line.startswith("limbeck: --fail-on ")]
    assert len(lines) == len(said)
    for line, one in zip(lines, said, strict=True):
        assert line.startswith(f"limbeck: --fail-on {one}")
    # The files are there in either case: somebody has to look at them.
    assert data.with_name("数据 1.jsonl.audit").joinpath("index.html").is_file()


def test_fail_on_keeps_json_whole_and_speaks_json_where_progress_does(data: Path) -> None:
    done = limbeck("audit", data, "--json", "--fail-on", "duplicates>0", "--progress", "json")
    assert done.code == 1
    assert json.loads(done.out)["schema"] == "limbeck.audit/2"
    events = [json.loads(line) for line in done.err.splitlines()]
    assert events[-1] == {
        "event": "failed",
        "text": "duplicates>0: duplicates has 1 of 8 rows (12.5%)",
    }
    quiet = limbeck("audit", data, "--fail-on", "duplicates>0", "--progress", "quiet")
    assert "--fail-on duplicates>0" in quiet.err


def test_targets_and_columns_are_named(tmp_path: Path) -> None:
    rows = [{"q": "1+1?", "a": "2", "gold": "2"}, {"q": "2+2?", "a": "5", "gold": "4"}] * 2
    data = write_rows(tmp_path / "d.jsonl", [row | {"n": n} for n, row in enumerate(rows)])
    words = ["--column", "instruction=q", "--column", "output=a", "--targets", "gold"]
    done = audit(data, *words, "--fail-on", "wrong_answers>=50%")
    assert done.code == 1
    assert "wrong_answers has 2 of 4 rows with a target (50.0%)" in done.err
    assert (
        f"limbeck audit {data} --column instruction=q --column output=a --targets gold" in done.out
    )


def test_against_a_file_and_against_a_benchmark_of_limbecks(tmp_path: Path) -> None:
    benchmark = ROOT / "datasets" / "evals" / "language.jsonl"
    item = json.loads(benchmark.read_text("utf-8").splitlines()[0])
    rows = [
        {"instruction": item["question"], "output": "x"},
        {"instruction": "Sing.", "output": "la"},
    ]
    data = write_rows(tmp_path / "d.jsonl", rows)
    for against in (benchmark, "language"):
        done = audit(data, "--against", against, "--fail-on", "contamination>0")
        assert done.code == 1
        assert "contamination has " in done.err
    clean = audit(data, "--against", "knowledge", "--fail-on", "contamination>0")
    assert clean.code == 0
    silent = audit(data, "--fail-on", "contamination>0")  # compared with nothing: not clean
    assert silent.code == 1
    assert "contamination was not measured" in silent.err


def test_what_a_run_is_compared_with_by_default(tmp_path: Path) -> None:
    write_rows(tmp_path / "seeds.jsonl", [{"prompt": "为什么？"}, {"prompt": "Why is it so?"}])
    items = [{"id": "1", "question": "为什么？", "options": ["a", "b"], "answer": 0}]
    write_rows(tmp_path / "items.jsonl", items)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "name: r\nseeds: seeds.jsonl\nteacher: fake:x\nstudent: bundled\n"
        "eval: {tasks: [imitation, items.jsonl]}\n",
        "utf-8",
    )
    limbeck("generate", recipe, "--into", tmp_path / "runs", "--progress", "quiet")
    run = tmp_path / "runs" / "r"
    report = json.loads(audit(run, "--json").out)
    by_key = {finding["key"]: finding for finding in report["findings"]}
    assert by_key["contamination"]["of"] == 1
    assert by_key["cost"]["level"] != "unknown"
    (tmp_path / "items.jsonl").unlink()
    gone = audit(run)
    assert "items.jsonl, are gone: its rows are not compared with them" in gone.err
