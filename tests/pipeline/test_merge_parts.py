"""Parts that are not whole, not idle or not honest: a sentence, and nothing is written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from limbeck.errors import DataError, StageError, UserError
from limbeck.pipeline.merge import merge
from limbeck.rundir import RunDir
from limbeck.store import file_hash, read_json, read_jsonl, write_json
from tests.pipeline.machines import Machines


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    return Machines(tmp_path, monkeypatch)


def test_an_unfinished_part_is_refused_with_the_command(machines: Machines, tmp_path: Path) -> None:
    parts = machines.parts(2)
    (parts[1] / "generate" / "done.json").unlink()
    with pytest.raises(StageError, match=rf"not finished.*Run: limbeck generate {parts[1]}$"):
        merge(parts, tmp_path / "all")
    with pytest.raises(UserError, match="is no run folder"):
        merge([parts[0], tmp_path / "nothing"], tmp_path / "all")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m1", "m2"]


def test_a_part_at_work_is_refused(machines: Machines, tmp_path: Path) -> None:
    parts = machines.parts(2)
    with (
        RunDir.open(parts[1]).locked(),
        pytest.raises(UserError, match=f"another limbeck is at work in {parts[1]}"),
    ):
        merge(parts, tmp_path / "all")
    merge(parts, tmp_path / "all")


def test_a_file_that_was_copied_in_part_is_noticed(machines: Machines, tmp_path: Path) -> None:
    parts = machines.parts(2)
    path = parts[0] / "generate" / "records.jsonl"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=f"{path} is not what the run wrote; copy"):
        merge(parts, tmp_path / "all")


@pytest.mark.parametrize("name", ["generate", "generate/records.jsonl", "recipe.yaml", ".lock"])
def test_links_that_lead_out_are_not_followed(
    machines: Machines, tmp_path: Path, name: str
) -> None:
    parts = machines.parts(2)
    (parts[0] / ".lock").touch()
    secret = tmp_path / "outside"
    (parts[0] / name).rename(secret)
    (parts[0] / name).symlink_to(secret)
    with pytest.raises(UserError, match=r"is a link that leads out of the run folder"):
        merge(parts, tmp_path / "all")


def test_a_marker_that_names_other_files_is_refused(machines: Machines, tmp_path: Path) -> None:
    parts = machines.parts(2)
    marker = parts[0] / "generate" / "done.json"
    row = read_json(marker)
    write_json(marker, row | {"files": row["files"] | {"../recipe.yaml": "0"}})
    with pytest.raises(DataError, match=r"names the file '\.\./recipe\.yaml', which this limbeck"):
        merge(parts, tmp_path / "all")
    write_json(marker, row | {"counts": {"records": "many"}})
    with pytest.raises(DataError, match="is no marker of a finished stage generate"):
        merge(parts, tmp_path / "all")
    write_json(marker, row | {"shape": 2})
    with pytest.raises(DataError, match="has the key 'shape', which this limbeck does not know"):
        merge(parts, tmp_path / "all")
    write_json(marker, row)
    write_json(parts[0] / "manifest.json", {"schema": "limbeck.manifest/9"})
    with pytest.raises(DataError, match=r"'limbeck\.manifest/9', and this limbeck reads limbeck"):
        merge(parts, tmp_path / "all")


def test_rows_of_no_seed_are_named_by_their_line(machines: Machines, tmp_path: Path) -> None:
    """A folder whose marker fits its files, and whose rows are in no order of the seeds."""
    parts = machines.parts(2)
    path = parts[0] / "generate" / "records.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[2:], *lines[:2]]))
    marker = parts[0] / "generate" / "done.json"
    row = read_json(marker)
    write_json(marker, row | {"files": row["files"] | {"records.jsonl": file_hash(path)}})
    with pytest.raises(DataError, match=rf"{path}, line {len(lines) - 1}: the row is of no seed"):
        merge(parts, tmp_path / "all")
    assert not (tmp_path / "all").exists()
    assert not list(tmp_path.glob(".all*"))


def test_a_fifo_for_a_file_does_not_hang(machines: Machines, tmp_path: Path) -> None:
    parts = machines.parts(2)
    (parts[0] / "id").unlink()
    os.mkfifo(parts[0] / "id")
    merge(parts, tmp_path / "all")
    rows = [json.dumps(part["payers"]) for part in read_json(tmp_path / "all/merge.json")["parts"]]
    assert rows[0] == "[]"
    failures = list(read_jsonl(tmp_path / "all" / "generate" / "failures.jsonl"))
    assert failures == []
