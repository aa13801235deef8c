"""Files and run folders: what is read, in which order, and what is said about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from limbeck.errors import DataError
from limbeck.reading.rows import RECORDS, SHOWN, VERDICTS, read_dataset
from limbeck.record import Verdict
from limbeck.store import write_jsonl
from limbeck.testing import record

ROWS = [
    {"instruction": "写", "input": "", "output": "一"},
    {"instruction": "Write", "input": "x", "output": "y"},
    {"instruction": "写", "input": "", "output": "一"},
]


def lines(path: Path, rows: list[dict[str, Any]], *more: str) -> Path:
    text = "\n".join([*(json.dumps(row, ensure_ascii=False) for row in rows), *more])
    path.write_text(text, encoding="utf-8")
    return path


def test_json_lines_a_list_and_parquet_are_the_same_rows(tmp_path: Path) -> None:
    jsonl = lines(tmp_path / "数据.jsonl", ROWS)
    listed = tmp_path / "rows.json"
    listed.write_text(json.dumps(ROWS), encoding="utf-8")
    parquet = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), parquet)
    found = [read_dataset(path) for path in (jsonl, listed, parquet)]
    assert [dataset.about for dataset in found] == [
        f"{source}, read as instruction, input, output"
        for source in ("JSON lines", "a JSON list", "a Parquet file")
    ]
    assert found[0].rows == found[1].rows == found[2].rows
    first, second, again = found[0].rows
    assert (first.place, second.place, again.place) == (1, 2, 3)
    assert again.id == f"{first.id}-2"
    assert found[0].name == "数据.jsonl"


def test_lines_that_cannot_be_read_are_counted_and_the_rest_is_used(tmp_path: Path) -> None:
    path = lines(tmp_path / "d.jsonl", ROWS[:1], "nonsense", "", *['{"foo": 1}'] * SHOWN)
    dataset = read_dataset(path)
    assert (len(dataset.rows), dataset.unreadable) == (1, 1 + SHOWN)
    assert dataset.reasons[0].startswith(f"{path}, line 2: not JSON")
    assert dataset.reasons[1].startswith(f"{path}, line 4: no instruction found")
    assert len(dataset.reasons) == SHOWN


def test_a_mixed_file_says_how_many_rows_are_of_which_form(tmp_path: Path) -> None:
    alone = {"instruction": "Alone"}
    dataset = read_dataset(lines(tmp_path / "d.jsonl", [alone, *ROWS]))
    assert dataset.about == (
        "JSON lines, read 3 as instruction, input, output; 1 as instruction, without an output"
    )
    assert dataset.answered
    assert not read_dataset(lines(tmp_path / "alone.jsonl", [alone])).answered


def test_a_run_is_what_its_filters_kept(tmp_path: Path) -> None:
    records = [record(text, prompt=prompt) for text, prompt in (("一", "a"), ("二", "b"))]
    folder = tmp_path / "跑"
    write_jsonl(folder / RECORDS, [one.to_json() for one in records])
    before = read_dataset(folder)
    assert [row.output for row in before.rows] == ["一", "二"]
    assert before.about == "every record of the run (not filtered yet), read as limbeck records"
    verdicts = [Verdict(records[0].id, "exact", False), Verdict(records[1].id, "exact", True)]
    write_jsonl(folder / VERDICTS, [one.to_json() for one in verdicts])
    after = read_dataset(folder)
    assert [(row.output, row.place) for row in after.rows] == [("二", 2)]
    assert after.about.startswith("the records of the run that its filters kept")
    assert after.name == "跑"


def test_what_is_no_dataset_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*none\.jsonl: No such file"):
        read_dataset(tmp_path / "none.jsonl")
    with pytest.raises(DataError, match=r"has no generate/records\.jsonl; audit a file, or a run"):
        read_dataset(tmp_path)
    bad = lines(tmp_path / "bad.jsonl", [], '{"foo": 1}')
    with pytest.raises(DataError, match=r"no row that can be audited; the first reason: .*line 1"):
        read_dataset(bad)
    empty = lines(tmp_path / "empty.jsonl", [])
    with pytest.raises(DataError, match=r"no row that can be audited$"):
        read_dataset(empty)
    mixed = tmp_path / "list.json"
    mixed.write_text('["text", {"prompt": "p"}]', encoding="utf-8")
    assert read_dataset(mixed).reasons == [f"{mixed}, line 1: not an object but text"]
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(DataError, match=r"cannot read .*broken\.parquet"):
        read_dataset(broken)
