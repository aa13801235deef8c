"""`limbeck audit`: what is printed, what is written, and what is one sentence."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

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


def limbeck(*words: object) -> Done:
    """What is printed, and the user's error, which `limbeck.cli.main` turns into exit code 2."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    failed = result.exception if isinstance(result.exception, UserError) else None
    assert failed or result.exit_code == 0, result.output
    return Done(result.stdout, result.stderr, failed)


def audit(*words: object) -> Done:
    return limbeck("audit", *words, "--progress", "plain")


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


def test_an_audit_prints_a_table_and_writes_four_files(data: Path) -> None:
    lines = audit(data).out.splitlines()
    folder = data.with_name("数据 1.jsonl.audit")
    assert lines[0].startswith("数据 1.jsonl: JSON lines, read 5 as instruction, input, output; 3")
    assert [line.split() for line in lines[2:5]] == [
        ["here", "Self-Instruct"],
        ["Rows", "8", "82,439"],
        ["Distinct", "instructions", "5", "52,445"],
    ]
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
    table = {line.split("  ")[0]: line.split() for line in found.splitlines()}
    assert table["Instruction is valid"][3:] == [
        "100.0%", "[51.0%,", "100.0%]", "92.0%", "[87.4%,", "95.0%]",
    ]  # fmt: skip
    assert table["All three"][2:5] == ["0.0%", "[0.0%,", "49.0%]"]
    assert "Marked by a human." in found
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
    assert printed["schema"] == "limbeck.audit/1"


def test_seeds_are_those_given_or_those_of_the_run(data: Path, tmp_path: Path) -> None:
    seeds = write_rows(tmp_path / "seeds.jsonl", [{"prompt": "为什么？"}, {"prompt": "Why?"}])
    assert "Nearest seed, mean ROUGE-L" in audit(data, "--seeds", seeds).out
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: r\nseeds: seeds.jsonl\nteacher: fake:x\nstudent: bundled\n", "utf-8")
    limbeck("generate", recipe, "--into", tmp_path / "runs", "--progress", "quiet")
    run = tmp_path / "runs" / "r"
    found = audit(run).out
    assert found.startswith("r: every record of the run (not filtered yet), read as limbeck record")
    assert f"Audit: {run / 'audit' / 'index.html'}" in found
    report = json.loads((run / "audit" / "audit.json").read_text("utf-8"))
    assert (report["nearest_seed"]["seeds"], report["nearest_seed"]["same_words"]) == (2, 2)
    seeds.unlink()
    gone = audit(run)
    assert "are gone: no nearest seed is looked for" in gone.err
    assert "Nearest seed" not in gone.out


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
        (["--seeds", "none.jsonl"], "cannot read none.jsonl: No such file"),
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
    assert "has no generate/records.jsonl" in str(audit(tmp_path / "empty").error)


def test_the_table_in_the_docs_is_what_is_printed(tmp_path: Path) -> None:
    pytest.importorskip("HanTa")
    text = (ROOT / "docs" / "audit.md").read_text("utf-8")
    table = text.split("```text\n")[1].split("```")[0].splitlines()
    found = audit(ROOT / "datasets" / "seed_tasks.jsonl", "--into", tmp_path / "audit").out
    assert found.splitlines()[: len(table)] == table
