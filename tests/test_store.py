"""Rows on disk: nothing is lost between write and read, and a file appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limbeck.errors import DataError, UserError
from limbeck.record import Provenance, Record, user
from limbeck.store import (
    clear_drafts,
    dump_line,
    file_hash,
    fresh_folder,
    jsonl_writer,
    read_json,
    read_jsonl,
    read_parquet,
    read_records,
    write_json,
    write_jsonl,
    write_parquet,
    write_text,
    writing,
)

TEXT = st.text(st.characters(codec=None), max_size=30)
ROWS = st.lists(
    st.dictionaries(TEXT, st.none() | st.booleans() | st.integers() | TEXT, max_size=4), max_size=6
)
SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [row for _, row in read_jsonl(path)]


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@SAME_FOLDER
@given(ROWS)
def test_jsonl_comes_back_as_it_was(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    path = tmp_path / "x.jsonl"
    assert write_jsonl(path, rows) == len(rows)
    assert path.read_bytes().count(b"\n") == len(rows)
    assert list(read_jsonl(path)) == list(enumerate(rows, start=1))


@SAME_FOLDER
@given(ROWS, st.integers(1, 400))
def test_a_file_cut_anywhere_gives_the_whole_rows_before_the_cut(
    tmp_path: Path, rows: list[dict[str, Any]], cut: int
) -> None:
    whole = b"".join(dump_line(row) for row in rows)
    path = put(tmp_path / "x.jsonl", whole[:-cut])
    ends = [len(b"".join(dump_line(row) for row in rows[: n + 1])) for n in range(len(rows))]
    # A line that lost nothing but its newline is whole.
    expected = [row for row, end in zip(rows, ends, strict=True) if end - 1 <= len(whole) - cut]
    assert [row for _, row in read_jsonl(path, torn=True)] == expected


@SAME_FOLDER
@given(st.binary(max_size=200))
def test_any_bytes_whatever_give_rows_or_a_data_error(tmp_path: Path, content: bytes) -> None:
    path = put(tmp_path / "x.jsonl", content)
    bad: list[DataError] = []
    rows = list(read_jsonl(path, on_bad=bad.append))
    filled = sum(bool(line.strip()) for line in content.split(b"\n"))
    assert len(rows) + len(bad) == filled


def test_lines_end_at_a_newline_byte_only(tmp_path: Path) -> None:
    text = "a\u2028b\u2029c\u0085d\x0b\x0c\x1ce\rf"
    path = tmp_path / "x.jsonl"
    write_jsonl(path, [{"t": text}, {"t": "next"}])
    assert "\u2028".encode() in path.read_bytes()
    assert rows_of(path) == [{"t": text}, {"t": "next"}]


def test_a_byte_order_mark_and_windows_line_ends_are_no_content(tmp_path: Path) -> None:
    path = put(tmp_path / "x.jsonl", b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"a": 2}\r\n')
    assert list(read_jsonl(path)) == [(1, {"a": 1}), (3, {"a": 2})]


def test_blank_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    path = put(tmp_path / "x.jsonl", b'\n  \n{"a": 1}\n\t\n{"a": 2}')
    assert list(read_jsonl(path)) == [(3, {"a": 1}), (5, {"a": 2})]
    assert rows_of(put(tmp_path / "empty.jsonl", b"")) == []


def test_lone_surrogates_are_written_escaped_and_come_back(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    write_jsonl(path, [{"t": "é\ud83d"}])
    assert path.read_bytes() == b'{"t": "\\u00e9\\ud83d"}\n'
    assert rows_of(path) == [{"t": "é\ud83d"}]


def test_unicode_is_written_readably() -> None:
    assert dump_line({"t": "中文 é 🙂"}) == '{"t": "中文 é 🙂"}\n'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_nan_is_written(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_jsonl(tmp_path / "x.jsonl", [{"a": value}])
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"a": 1', "not JSON (Expecting ',' delimiter at column 8)"),
        (b'{"a": "\xff"}', "not UTF-8 (invalid start byte at byte 7)"),
        (b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
        (b"[1]", "not an object but a list"),
        (b'"x"', "not an object but text"),
        (b"3.5", "not an object but a number"),
        (b"true", "not an object but a boolean"),
        (b"null", "not an object but null"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": "x\ty"}', "not JSON (Invalid control character"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "integer string conversion"),
    ],
)
def test_a_bad_line_is_named_with_its_number_and_reason(
    tmp_path: Path, line: bytes, why: str
) -> None:
    path = put(tmp_path / "x.jsonl", b'{"a": 0}\n\n' + line + b'\n{"a": 2}\n')
    with pytest.raises(DataError) as caught:
        list(read_jsonl(path))
    assert f"{path}, line 3: " in str(caught.value)
    assert why in str(caught.value)
    assert (caught.value.path, caught.value.line) == (path, 3)
    skipped: list[DataError] = []
    assert list(read_jsonl(path, on_bad=skipped.append)) == [(1, {"a": 0}), (4, {"a": 2})]
    assert [bad.line for bad in skipped] == [3]


def test_a_torn_last_line_is_dropped_only_where_asked_for(tmp_path: Path) -> None:
    path = put(tmp_path / "x.jsonl", b'{"a": 1}\n{"a": "\xc3')
    assert [row for _, row in read_jsonl(path, torn=True)] == [{"a": 1}]
    with pytest.raises(DataError, match="line 2"):
        list(read_jsonl(path))


def test_a_bad_line_that_has_its_newline_is_not_torn(tmp_path: Path) -> None:
    path = put(tmp_path / "x.jsonl", b'{"a": 1}\n{"a": \n')
    with pytest.raises(DataError, match="line 2"):
        list(read_jsonl(path, torn=True))


def test_a_missing_file_and_a_folder_are_data_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "no.jsonl", tmp_path):
        with pytest.raises(DataError, match=f"cannot read {path}"):
            list(read_jsonl(path))
        with pytest.raises(DataError, match=f"cannot read {path}"):
            read_json(path)


def test_records_come_back_and_a_foreign_row_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    record = Record((user("é\ud800"),), "x", Provenance("g"), meta={"options": ["a"]})
    write_jsonl(path, [record.to_json()])
    assert list(read_records(path)) == [record]
    path.write_bytes(path.read_bytes() + b'{"prompt": "x"}\n')
    with pytest.raises(DataError, match="line 2: not a limbeck record") as caught:
        list(read_records(path))
    assert caught.value.line == 2


def test_a_writer_that_fails_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    write_jsonl(path, [{"a": 1}])
    with pytest.raises(ValueError, match="JSON"):
        write_jsonl(path, [{"a": 2}, {"a": float("nan")}])
    assert rows_of(path) == [{"a": 1}]
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_not_there_before_its_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.jsonl"
    with jsonl_writer(path) as writer:
        writer.write({"a": 1})
        assert not path.exists()
    assert rows_of(path) == [{"a": 1}]


def test_who_has_the_old_file_open_goes_on_reading_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_text(path, "old")
    with path.open() as file:
        write_text(path, "new")
        assert file.read() == "old"
    assert path.read_text() == "new"


def test_a_full_disk_is_a_users_error(tmp_path: Path) -> None:
    def fill() -> None:
        with writing(tmp_path / "x") as draft:
            draft.symlink_to("/dev/full")
            draft.write_text("x")

    with pytest.raises(UserError, match=r"cannot write .*: No space left on device"):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_is_needed_is_a_users_error(tmp_path: Path) -> None:
    put(tmp_path / "file", b"")
    for path in (tmp_path / "file" / "x", tmp_path / "file" / "deep" / "x"):
        with pytest.raises(UserError, match=f"cannot write {path}"):
            write_text(path, "x")
        with pytest.raises(UserError, match=f"cannot write {path}"), fresh_folder(path):
            pass


def test_a_fresh_folder_takes_the_old_ones_place_whole(tmp_path: Path) -> None:
    path = tmp_path / "model"
    for content in ("one", "two"):
        with fresh_folder(path) as draft:
            (draft / content).write_text(content)
            assert not (path / content).exists()
        assert [file.name for file in path.iterdir()] == [content]
    assert list(tmp_path.iterdir()) == [path]


def test_a_fresh_folder_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "model"
    with fresh_folder(path) as draft:
        (draft / "old").touch()
    with pytest.raises(ZeroDivisionError), fresh_folder(path) as draft:
        (draft / "new").write_bytes(bytes(1 // 0))
    assert [file.name for file in path.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [path]


def test_clear_drafts_removes_what_a_killed_process_left_and_nothing_else(tmp_path: Path) -> None:
    put(tmp_path / ".records.jsonl.123.part", b"x")
    for left in (".student.123.part", ".student.123.old"):
        (tmp_path / left).mkdir()
        put(tmp_path / left / "weights", b"x")
    stays = {put(tmp_path / name, b"x") for name in ("records.jsonl", "a.part", ".hidden")}
    clear_drafts(tmp_path)
    assert set(tmp_path.iterdir()) == stays


def test_json_is_written_indented_with_its_unicode_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"a": ["é", "\ud800"]})
    assert path.read_bytes() == '{\n  "a": [\n    "é",\n    "\\ud800"\n  ]\n}\n'.encode()
    assert read_json(path) == {"a": ["é", "\ud800"]}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 200_000])
def test_what_is_no_json_is_a_data_error(tmp_path: Path, content: bytes) -> None:
    path = put(tmp_path / "x.json", content)
    with pytest.raises(DataError, match="is not JSON") as caught:
        read_json(path)
    assert caught.value.path == path


def test_parquet_comes_back_and_is_zstd(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    rows: list[dict[str, Any]] = [
        {"a": "中文 é 🙂", "turns": [{"role": "user", "content": "x"}], "target": None},
        {"a": "", "turns": [{"role": "user", "content": "y"}], "target": "t"},
    ]
    write_parquet(path, rows)
    assert read_parquet(path) == rows
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(0)
    assert chunk.compression == "ZSTD"
    assert list(tmp_path.iterdir()) == [path]


def test_a_lone_surrogate_becomes_a_replacement_character_in_parquet(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_parquet(path, [{"a": "x\ud83d", "b": [{"c": "\udfffy"}], "d": 1, "e": "🙂"}])
    assert read_parquet(path) == [{"a": "x\ufffd", "b": [{"c": "\ufffdy"}], "d": 1, "e": "🙂"}]


def test_what_is_no_parquet_is_a_data_error(tmp_path: Path) -> None:
    for path in (put(tmp_path / "x.parquet", b"PAR1 no"), tmp_path / "none.parquet"):
        with pytest.raises(DataError, match="cannot read"):
            read_parquet(path)


def test_a_files_hash_is_sha256(tmp_path: Path) -> None:
    content = os.urandom(100_000)
    path = put(tmp_path / "x", content)
    assert file_hash(path) == hashlib.sha256(content).hexdigest()


@SAME_FOLDER
@given(ROWS)
def test_any_json_tool_reads_what_was_written(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    path = tmp_path / "x.jsonl"
    write_jsonl(path, rows)
    lines = path.read_bytes().decode("utf-8").split("\n")
    assert [json.loads(line) for line in lines[:-1]] == rows
