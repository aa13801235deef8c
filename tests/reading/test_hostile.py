"""Hostile files: a named reason and a place for what cannot be read, and the rest is read."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from limbeck.errors import DataError
from limbeck.reading.source import SHOWN, Source, open_source

ROWS: list[dict[str, Any]] = [
    {"instruction": "翻译", "input": "猫 🐈", "output": "cat"},
    {"instruction": "แปล", "input": "", "output": "قط"},
    {"instruction": "翻译", "input": "猫 🐈", "output": "cat"},
]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def texts(source: Source) -> list[tuple[str, str, str]]:
    return [(row.instruction, row.input, row.output) for row in source.rows()]


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


def parquet(content: list[dict[str, Any]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(content), sink)
    return bytes(sink.getvalue())


def arrow_stream(content: list[dict[str, Any]]) -> bytes:
    table = pa.Table.from_pylist(content)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


BAD = {
    b"nonsense": "not_json",
    b'{"instruction": "a", "output": "b"': "not_json",
    b'"text"': "not_an_object",
    b'{"instruction": "a\xff", "output": "b"}': "not_utf8",
    b'{"instruction": "a\\ud800", "output": "b"}': "lone_surrogate",
    b'{"instruction": "a", "output": NaN}': "not_finite",
    b'{"instruction": "a", "output": 1e999}': "not_finite",
    b'{"instruction": "a", "instruction": "b", "output": "c"}': "duplicate_key",
    b'{"instruction": "a", "\\u0069nstruction": "b", "output": "c"}': "duplicate_key",
    b'{"instruction": "a", "x": ' + b"[" * 100_000 + b"}": "too_deep",
    b'{"instruction": "a", "output": ' + b"[" * 900 + b"]" * 900 + b"}": "not_text",
    b'{"instruction": ' + b"[" * 900 + b"]" * 900 + b"}": "not_text",
    b'{"instruction": "a", "output": ' + b"1" * 5000 + b"}": "not_json",
    b'{"instruction": " ", "output": "b"}': "empty_instruction",
    b'{"instruction": 7, "output": "b"}': "not_text",
    b'{"instruction": "a", "output": ["b"]}': "not_text",
    b'{"foo": 1}': "no_instruction",
    b'{"messages": [{"role": "' + b"x" * 30 + b'", "content": "c"}]}': "unknown_role",
    b'{"messages": [{"role": ["u"], "content": "c"}]}': "unknown_role",
    b'{"messages": [{"role": "system", "content": "c"}]}': "no_user_turn",
    b'{"messages": 5}': "not_text",
    b'{"question": "a", "choices": ["b", "c"], "gold": 2}': "not_a_choice",
    b'{"messages": [{"role": "user", "content": "a"}], "completion": "b", "provenance": 1}':
        "not_a_record",
}  # fmt: skip


@pytest.mark.parametrize(("bad", "reason"), BAD.items(), ids=[*BAD.values()])
def test_a_bad_line_is_counted_with_its_reason_and_the_others_are_read(
    tmp_path: Path, bad: bytes, reason: str
) -> None:
    path = written(tmp_path, "a.jsonl", bad + b"\n" + lines(ROWS[:1]) + bad + b"\n" + lines(ROWS))
    source = open_source(path)
    assert len(list(source.rows())) == 4
    assert source.unreadable == {reason: 2}
    assert source.reasons[0].startswith(f"{path}, line 1: ")
    assert source.reasons[1].startswith(f"{path}, line 3: ")
    assert all(len(text) < 500 for text in source.reasons)
    listed = open_source(written(tmp_path, "list.json", b"[" + b",".join(
        [lines(ROWS[:1]), bad, lines(ROWS[1:2])]) + b"]"))  # fmt: skip
    rows = list(listed.rows())
    if reason in ("not_json", "too_deep"):  # a bracket that is not closed takes the rest with it
        assert rows[0].instruction == "翻译"
        assert listed.unreadable
    else:
        assert len(rows) == 2
        assert listed.unreadable == {reason: 1}


def test_many_reasons_are_counted_and_the_first_are_told(tmp_path: Path) -> None:
    source = open_source(written(tmp_path, "a.jsonl", b'{"foo": 1}\n' * 50 + lines(ROWS)))
    assert len(list(source.rows())) == 3
    assert (source.unreadable, len(source.reasons)) == ({"no_instruction": 50}, SHOWN)


def test_integers_of_any_size_stay_what_they_are(tmp_path: Path) -> None:
    big = "123456789012345678901234567890"
    content = f'{{"question": "q", "answer": {big}}}\n{{"question": "r", "answer": 0.1}}\n'
    source = open_source(written(tmp_path, "a.jsonl", content.encode()))
    assert [row.output for row in source.rows()] == [big, "0.1"]


def test_nul_and_ten_megabytes_are_text_like_any_other(tmp_path: Path) -> None:
    rows = [
        {"instruction": "a\0b", "output": "x" * 10_000_000},
        {"instruction": "=cmd|' /C calc'!A0", "output": "\x1b[31m<script>"},
    ]
    for name, content in (
        ("a.jsonl", lines(rows)),
        ("b.json", json.dumps(rows).encode()),
        ("d.parquet", parquet(rows)),
    ):
        source = open_source(written(tmp_path, name, content))
        assert texts(source) == [(r["instruction"], "", r["output"]) for r in rows], name
    csv = written(tmp_path, "e.csv", b"instruction,output\na\0b," + b"x" * 10_000_000 + b"\n")
    assert texts(open_source(csv)) == [("a\0b", "", "x" * 10_000_000)]


def test_a_cell_above_the_bound_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limbeck.reading.forms.CELL", 1000)
    rows = [{"instruction": "a", "output": "x" * 1001}, {"instruction": "a", "output": "x" * 1000}]
    source = open_source(written(tmp_path, "a.jsonl", lines(rows)))
    assert [len(row.output) for row in source.rows()] == [1000]
    assert source.unreadable == {"cell_too_long": 1}


def test_a_column_that_changes_type_is_counted_and_never_changed(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"question": f"q{at}", "answer": "a"} for at in range(1000)]
    rows += [{"question": "late", "answer": 5}, {"question": "late", "answer": {"text": "a"}}]
    rows += [{"question": 5, "answer": "a"}, {"answer": "a"}]
    source = open_source(written(tmp_path, "a.jsonl", lines(rows)))
    assert sum(1 for _ in source.rows()) == 1000
    assert source.unreadable == {"type_changed": 2, "not_text": 1, "no_instruction": 1}


REFUSED = {
    "a.zip": (b"PK\x03\x04 and more", "is a zip file: unpack it"),
    "a.jsonl": (b"PK\x03\x04 and more", "is a zip file: unpack it"),
    "a.pkl": (b"anything", "may hold a pickle, which could run code, and is never opened"),
    "model.pt": (b"anything", "may hold a pickle"),
    "b.jsonl": (pickle.dumps(ROWS), "is a pickle, which could run code"),
    "set.py": (b"import os", "is a program, which could run code"),
    "a.db": (b"SQLite format 3\x00", "is an SQLite database"),
    "a.parquet": (b"PAR1 and nothing more", "cannot read .*a.parquet"),
    "a.gz": (b"\x1f\x8bnot gzip at all", "cannot read .*damaged"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_never_opened_is_one_sentence(tmp_path: Path, name: str) -> None:
    content, words = REFUSED[name]
    with pytest.raises(DataError, match=words):
        open_source(written(tmp_path, name, content))


def test_pipes_devices_and_loops_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(DataError, match=r"pipe\.jsonl is a pipe, not a file of rows"):
        open_source(tmp_path / "pipe.jsonl")
    with pytest.raises(DataError, match="is a device"):
        open_source("/dev/zero")
    (tmp_path / "loop.jsonl").symlink_to(tmp_path / "loop.jsonl")
    with pytest.raises(DataError, match="cannot read"):
        open_source(tmp_path / "loop.jsonl")


def test_empty_files_have_no_rows(tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.json", "a.csv", "a.tsv", "none"):
        source = open_source(written(tmp_path, name, b""))
        assert list(source.rows()) == []
        assert not source.unreadable
    for content in (b"[]", b"{}", b"\n\n", b'{"data": []}', b"[", b"{", b'{"a'):
        source = open_source(written(tmp_path, "b.json", content))
        assert list(source.rows()) == []


def test_a_packed_file_that_ends_early_gives_what_came_before(tmp_path: Path) -> None:
    rows = [{"instruction": f"i{at}", "output": os.urandom(40).hex()} for at in range(2000)]
    whole = list(open_source(written(tmp_path, "b.jsonl", lines(rows))).rows())
    for how, pack in (("gz", gzip.compress), ("xz", lzma.compress)):
        packed = pack(lines(rows))
        source = open_source(written(tmp_path, f"a.jsonl.{how}", packed[: len(packed) * 3 // 4]))
        found = list(source.rows())
        assert source.unreadable["cut_short"] == 1
        assert 0 < len(found) < 2000
        assert found == whole[: len(found)]
    cut = written(tmp_path, "a.jsonl.bz2", bz2.compress(lines(rows))[:-100])  # a block is whole
    with pytest.raises(DataError, match="the bzip2 file ends in the middle"):
        open_source(cut)


def test_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limbeck.reading.unpack.FREE", 1 << 20)
    packed = gzip.compress(lines(ROWS) + b"\n" * (8 << 20))
    source = open_source(written(tmp_path, "a.jsonl.gz", packed))
    assert len(list(source.rows())) == 3
    assert source.unreadable == {"bomb": 1}
    assert "unpacks to more than 200 times its size" in source.reasons[0]


def test_a_line_without_an_end_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limbeck.reading.json_rows.MOST_BYTES", 1 << 21)
    long = b'{"instruction": "' + b"x" * (5 << 20) + b'"}\n'
    source = open_source(written(tmp_path, "a.jsonl", lines(ROWS[:1]) + long + lines(ROWS[1:2])))
    assert [row.place for row in source.rows()] == [1, 3]
    assert source.unreadable == {"too_long": 1}


def test_text_that_is_no_utf8_in_parquet_costs_its_row(tmp_path: Path) -> None:
    content = pa.array([b"good", b"\xff\xfe", b"fine"], pa.binary())
    bad = pa.Array.from_buffers(pa.string(), 3, content.buffers())
    table = pa.table({"instruction": bad, "output": ["1", "2", "3"]})
    pq.write_table(table, tmp_path / "a.parquet")
    source = open_source(tmp_path / "a.parquet")
    assert texts(source) == [("good", "", "1"), ("fine", "", "3")]
    assert source.unreadable == {"not_utf8": 1}


def test_a_damaged_row_group_costs_its_rows_only(tmp_path: Path) -> None:
    rows = [{"instruction": f"i{at}", "output": f"o{at}" * 50} for at in range(300)]
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=100)
    group = pq.read_metadata(path).row_group(1).column(1)
    content = bytearray(path.read_bytes())
    start = group.dictionary_page_offset or group.data_page_offset
    content[start : start + group.total_compressed_size] = b"\xff" * group.total_compressed_size
    path.write_bytes(content)
    source = open_source(path)
    assert [row.place for row in source.rows()] == [*range(1, 101), *range(201, 301)]
    assert source.unreadable == {"broken_file": 1}


def test_an_arrow_file_whose_texts_lie_outside_of_it_is_damaged_and_no_crash(
    tmp_path: Path,
) -> None:
    offsets = pa.array([0, 1 << 30, 2, 3], pa.int32()).buffers()[1]
    outside = pa.Array.from_buffers(pa.string(), 3, [None, offsets, pa.py_buffer(b"abc")])
    table = pa.table({"prompt": outside, "completion": ["1", "2", "3"]})
    with pa.ipc.new_stream(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table)
    source = open_source(tmp_path / "a.arrow")
    assert [row.instruction for row in source.rows()] == ["c"]
    assert source.unreadable == {"broken_file": 2}
