"""Where an audit is written, and what it is given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from limbeck.cli import audit_inputs
from limbeck.errors import UserError
from tests.audit.small import write_rows


def _run(path: Path) -> Path:
    (path / "generate").mkdir(parents=True)
    (path / "generate" / "records.jsonl").touch()
    return path


def test_beside_a_file_and_in_a_run(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "数据.jsonl")
    assert audit_inputs.folder_of(str(data)) == tmp_path / "数据.jsonl.audit"
    run = _run(tmp_path / "run")
    assert audit_inputs.folder_of(str(run)) == run / "audit"
    assert audit_inputs.run_of(str(run)) == run


def test_a_folder_of_rows_and_a_published_folder_stay_as_they_are(tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    shards.mkdir()
    assert audit_inputs.folder_of(str(shards)) == tmp_path / "shards.audit"
    assert audit_inputs.folder_of(f"{shards}/") == tmp_path / "shards.audit"
    published = _run(tmp_path / "published")
    (published / "limbeck.json").touch()
    assert audit_inputs.folder_of(str(published)) == tmp_path / "published.audit"
    assert audit_inputs.run_of(str(published)) is None


def test_the_current_folder_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "rows"
    (here / "deeper").mkdir(parents=True)
    monkeypatch.chdir(here / "deeper")
    assert audit_inputs.folder_of(".") == here / "deeper.audit"
    assert audit_inputs.folder_of("..") == tmp_path / "rows.audit"


def test_where_nothing_may_be_written_the_current_folder_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    data = locked / "d.jsonl"
    run = _run(locked / "r")
    write_rows(data)
    allowed = os.access

    def access(path: Path, mode: int) -> bool:
        return locked not in (Path(path), *Path(path).parents) and allowed(path, mode)

    monkeypatch.setattr(os, "access", access)
    assert audit_inputs.folder_of(str(data)) == Path("d.jsonl.audit")
    assert audit_inputs.folder_of(str(run)) == Path("r.audit")
    assert audit_inputs.folder_of(str(write_rows(tmp_path / "e.jsonl"))).parent == tmp_path


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("hf:ORG/NAME", "ORG_NAME.audit"),
        ("hf:ORG/NAME-v1.5:main", "ORG_NAME-v1.5_main.audit"),
        ("hf:../../etc/passwd", "etc_passwd.audit"),
        ("hf:..", "data.audit"),
        ("hf:组织/数据", "组织_数据.audit"),
        ("hf:a/b\x1b[2J\x00", "a_b_2J.audit"),
    ],
)
def test_a_dataset_of_the_hub_is_written_here(name: str, folder: str) -> None:
    assert audit_inputs.folder_of(name) == Path(folder)


def test_a_ledger_that_is_not_there_is_an_error_unless_a_judge_writes_it(tmp_path: Path) -> None:
    lost = tmp_path / "账.sqlite"
    with pytest.raises(UserError, match=r"--ledger .*账\.sqlite: there is no such file"):
        audit_inputs.ledger_of(lost, None)
    assert audit_inputs.ledger_of(lost, None, writes=True) is None
