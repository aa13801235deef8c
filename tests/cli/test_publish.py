"""`limbeck publish` and `limbeck verify`: options, exit codes, and what is printed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from limbeck.cli.app import app
from limbeck.errors import UserError
from tests.publish.runs import rows, run_of

SAID = ("--no-audit", "--progress", "quiet", "--acknowledge", "seeds-licence")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_of(tmp_path_factory.mktemp("cli"), rows()).run.path


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_publish_then_verify(run: Path, tmp_path: Path) -> None:
    done = call(
        "publish", run, "--to", tmp_path / "d", *SAID[:3], "--author", "Ana", "--licence", "mit"
    )
    assert done.exit_code == 0, done.output
    assert "48 rows (34 train, 6 validation, 8 test), licence mit" in done.stdout
    assert "acknowledged:" not in done.stdout  # nobody else gets it
    assert f"limbeck verify {tmp_path / 'd'}" in done.stdout
    checked = call("verify", tmp_path / "d")
    assert checked.exit_code == 0, checked.output
    assert checked.stdout.count("OK  ") == 8
    row = json.loads(call("verify", tmp_path / "d", "--json").stdout)
    assert row["ok"] is True
    assert row["sha256"] in done.stdout


def test_a_mismatch_is_exit_1_and_reaches_no_terminal_raw(run: Path, tmp_path: Path) -> None:
    call("publish", run, "--to", tmp_path / "d", *SAID)
    (tmp_path / "d" / "extra\x1b[31m").write_text("x")
    done = call("verify", tmp_path / "d")
    assert done.exit_code == 1
    assert "MISMATCH  extra\\x1b[31m is there" in done.stdout
    assert "\x1b" not in done.stdout
    assert call("verify", tmp_path / "d", "--json").exit_code == 1


def test_what_has_to_be_acknowledged_is_exit_2(run: Path) -> None:
    code = "from limbeck.cli import main; main()"
    words = ["publish", str(run), "--to", "hf:org/set", "--no-audit"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert done.returncode == 2
    assert "Nobody said under which licence the seeds are" in done.stderr
    assert "--acknowledge seeds-licence" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (run / "published").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--to", "hf:x"], "hf:ORG/NAME"),
        (["--to", "d", "--public"], "--public is for the hub"),
        (["--to", "d", "--licence", "free"], "no id of a licence"),
        (["--to", "d", "--acknowledge", "all"], "teacher-terms or seeds-licence"),
    ],
)
def test_options_that_make_no_sense(run: Path, words: list[str], says: str) -> None:
    done = call("publish", run, "--no-audit", *words)
    assert isinstance(done.exception, UserError)
    assert says in str(done.exception)


def test_no_run_folder(tmp_path: Path) -> None:
    done = call("publish", tmp_path / "none", "--to", tmp_path / "d")
    assert isinstance(done.exception, UserError)
    assert "is no run folder" in str(done.exception)
    assert isinstance(call("verify", tmp_path).exception, UserError)


def test_a_dry_run_says_what_would_be_uploaded_and_writes_nothing(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> str:
        raise AssertionError("a dry run uploads nothing")

    monkeypatch.setattr("limbeck.publish.hub.upload", never)
    done = call("publish", run, "--to", "hf:org/set", "--dry-run", *SAID)
    assert done.exit_code == 0, done.output
    assert "hf:org/set would have:" in done.stdout
    assert "acknowledged: seeds-licence: Nobody said" in done.stdout
    assert "  data/train-00000-of-00001.parquet, " in done.stdout
    assert "Nothing was written" in done.stdout
    assert not (run / "published").exists()


def test_the_hub_gets_the_folder_that_lies_in_the_run(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[Path, str, bool]] = []

    def upload(folder: Path, name: str, manifest: Any, *, public: bool, replace: bool) -> str:
        sent.append((folder, name, public))
        return "somewhere"

    monkeypatch.setattr("limbeck.publish.hub.upload", upload)
    for _ in range(2):  # a second time it takes the place of the first
        done = call("publish", run, "--to", "hf:org/set", "--public", *SAID)
        assert done.exit_code == 0, done.output
    assert sent == [(run / "published", "org/set", True)] * 2
    assert "On the hub: somewhere" in done.stdout
    card = (run / "published" / "README.md").read_text("utf-8")
    assert 'load_dataset("org/set", split="train")' in card
    assert call("verify", run / "published").exit_code == 0


def test_the_audit_is_measured_on_the_published_rows(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("py3langid")
    done = call("publish", run, "--to", tmp_path / "d", *SAID[1:])
    assert done.exit_code == 0, repr(done.exception)
    found = json.loads((tmp_path / "d" / "limbeck.json").read_text("utf-8"))
    audit = found["measured"]["audit"]
    assert audit["about"] == "measured on the published rows"
    wrong = next(one for one in audit["findings"] if one["key"] == "wrong_answers")
    assert wrong["of"] == 48
    assert "### Audit" in (tmp_path / "d" / "README.md").read_text("utf-8")
    assert call("verify", tmp_path / "d").exit_code == 0
