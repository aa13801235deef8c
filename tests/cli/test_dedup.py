"""`limbeck dedup`: what it refuses before anything is written."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from limbeck.cli.app import app
from limbeck.errors import DataError, UserError

TEXTS = ["一二三四五六七八九十", "one two three four five", "一二三四五六七八九十", "🙂 🙂"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    lines = [json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in TEXTS]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def dedup(*words: object) -> Result:
    return CliRunner().invoke(app, ["dedup", *map(str, words)])


def test_rows_that_stay_are_written_as_they_were(source: Path, tmp_path: Path) -> None:
    done = dedup(source, "--to", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "4 rows, 1 near duplicates removed, 3 kept" in done.output
    lines = source.read_bytes().splitlines(keepends=True)
    assert (tmp_path / "out" / source.name).read_bytes() == b"".join([*lines[:2], lines[3]])


def test_lines_that_cannot_be_read_are_counted_and_stay(source: Path, tmp_path: Path) -> None:
    lines = source.read_bytes().splitlines(keepends=True)
    torn = b'{"text": "one two'
    source.write_bytes(b"".join([lines[0], b"\n", b"[1]\n", *lines[1:], torn]))
    done = dedup(source, "--to", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "7 rows, 1 near duplicates removed, 6 kept" in done.output
    assert "2 lines could not be read; they stay as they are" in done.output
    kept = [lines[0], b"\n", b"[1]\n", lines[1], lines[3], torn + b"\n"]
    assert (tmp_path / "out" / source.name).read_bytes() == b"".join(kept)
    assert pq.read_table(tmp_path / "out" / "verdicts.parquet").num_rows == 7


def test_a_file_in_the_folder_that_is_written_anew_is_refused(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    dedup(source, "--to", out)
    (out / "mine.jsonl").write_bytes(source.read_bytes())
    done = dedup(out / "mine.jsonl", "--to", out)
    assert isinstance(done.exception, UserError)
    assert "is written anew; choose another --to" in str(done.exception)
    assert (out / "mine.jsonl").read_bytes() == source.read_bytes()
    done = dedup(source, "--to", tmp_path / "new", "--work", tmp_path / "new" / "work")
    assert isinstance(done.exception, UserError)


def test_a_column_that_stands_twice_is_named(tmp_path: Path) -> None:
    texts = pa.array(TEXTS)
    pq.write_table(pa.Table.from_arrays([texts, texts], ["text", "text"]), tmp_path / "t.parquet")
    done = dedup(tmp_path / "t.parquet", "--to", tmp_path / "out")
    assert isinstance(done.exception, DataError)
    assert "several columns 'text'" in str(done.exception)


def test_a_sketch_has_no_more_hashes_than_the_filters(source: Path, tmp_path: Path) -> None:
    done = dedup(source, "--to", tmp_path / "out", "--num-perm", 65_537)
    assert done.exit_code == 2
    assert not (tmp_path / "out").exists()
