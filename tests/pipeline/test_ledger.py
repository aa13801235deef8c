"""Ledgers summed up, exported and merged: nothing is lost, doubled, or changed in the source."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.ledger import Answered, Failed, Ledger
from limbeck.pipeline.ledger import Merged, export, export_file, merge, stats
from limbeck.protocols import Reply, Usage
from tests.ledger.example import ASKED, FORMAT_1, WHO, answered, put, retire, texts

OTHER = {"endpoint": "é", "model": "模型"}


def of_format_1(path: Path) -> Path:
    link = sqlite3.connect(path)
    link.executescript(FORMAT_1)
    link.close()
    return path


def lines(path: Path, *, failures: bool = False) -> list[dict[str, Any]]:
    file = io.BytesIO()
    count = export(path, file, failures=failures)
    rows = [json.loads(line) for line in file.getvalue().split(b"\n")[:-1]]
    assert len(rows) == count
    return rows


def filled(path: Path) -> Path:
    """Replies 1-3, one retired, two failures, a fact, a batch."""
    entries: list[Answered | Failed] = [
        replace(answered(1), reply=Reply("巴黎 🙂\u2028", "stop", Usage(10, 5, 4)), seconds=1.0),
        replace(answered(2), reply=Reply("x", "length", Usage(20, 6)), seconds=2.0),
        replace(answered(3), reply=Reply("\ud800", "stop", Usage(40, 7)), wasted=Usage(3, 1)),
        replace(answered(4), reply=Reply("old", "stop", Usage(80, 8))),
        Failed("key 5", WHO, ASKED, "timeout", "zu spät", 6, "r", Usage(100, 50)),
        Failed("key 5", WHO, ASKED, "transient", "503", 1),
    ]
    put(path, *entries)
    with Ledger(path) as ledger:
        asyncio.run(retire(ledger, "key 4"))
        ledger.remember("probe", "模型", {"n": True})
        ledger.add_batch(
            "b1", run="r", teacher=WHO, input_file="f", status="new", items=[("k", "{}")]
        )
    return path


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row but for its number, sorted."""
    link = sqlite3.connect(path)
    found = {}
    for name in ("replies", "retired", "failures", "facts", "batches", "batch_items"):
        rows = link.execute(f"SELECT * FROM {name}").fetchall()
        numbered = name in ("replies", "retired", "failures")
        found[name] = sorted(row[1:] if numbered else row for row in rows)
    link.close()
    return found


# stats


def test_stats_count_by_teacher_and_reason(tmp_path: Path) -> None:
    path = filled(tmp_path / "l")
    put(path, replace(answered(9), identity=OTHER))
    ours, other = stats(path)
    assert (ours.teacher, other.teacher) == (WHO, OTHER)
    assert (ours.replies, ours.finish_reasons) == (3, {"length": 1, "stop": 2})
    assert (ours.failures, ours.failure_reasons) == (2, {"timeout": 1, "transient": 1})
    assert ours.retired == 1
    assert (ours.prompt_tokens, ours.completion_tokens, ours.cached_tokens) == (150, 26, 4)
    assert (ours.wasted_prompt_tokens, ours.wasted_completion_tokens) == (103, 51)
    assert ours.mean_seconds == 1.0
    with Ledger(path) as ledger:
        times = [found[1] for n in (1, 2, 3) if (found := ledger.found(f"key {n}"))]
    assert (ours.first, ours.last) == (min(times), max(times))
    assert (other.replies, other.failures, other.retired) == (1, 0, 0)


def test_a_teacher_that_only_failed_is_counted(tmp_path: Path) -> None:
    put(tmp_path / "l", Failed("key", OTHER, ASKED, "timeout", ""))
    (one,) = stats(tmp_path / "l")
    assert (one.teacher, one.replies, one.failures) == (OTHER, 0, 1)
    assert (one.mean_seconds, one.first, one.last) == (None, None, None)


def test_stats_and_export_read_the_first_format_and_leave_it(tmp_path: Path) -> None:
    path = of_format_1(tmp_path / "l")
    before = path.read_bytes()
    (one,) = stats(path)
    assert (one.replies, one.failures, one.first, one.last) == (2, 1, 1000.0, 2000.0)
    rows = lines(path, failures=True)
    assert [row["key"] for row in rows] == ["key 1", "key 2", "key 3"]
    assert (rows[0]["reply"]["text"], rows[0]["via"], rows[2]["run"]) == ("巴黎", "live", "")
    assert path.read_bytes() == before


# export


def test_export_writes_every_reply_whole_and_in_order(tmp_path: Path) -> None:
    path = filled(tmp_path / "l")
    rows = lines(path)
    assert [row["key"] for row in rows] == ["key 1", "key 2", "key 3"]
    assert rows[0]["kind"] == "reply"
    assert rows[0]["teacher"] == WHO
    assert rows[0]["request"] == json.loads(json.dumps(replace(ASKED, index=1).to_json()))
    assert [row["reply"]["text"] for row in rows] == ["巴黎 🙂\u2028", "x", "\ud800"]
    assert (rows[0]["prompt_tokens"], rows[0]["cached_tokens"]) == (10, 4)
    assert lines(path) == rows
    both = lines(path, failures=True)
    assert both[:3] == rows
    assert [(row["kind"], row["reason"]) for row in both[3:]] == [
        ("failure", "timeout"),
        ("failure", "transient"),
    ]


def test_an_exported_file_appears_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(tmp_path / "l")
    out = tmp_path / "数据.jsonl"
    assert export_file(path, out) == 3
    good = out.read_bytes()
    assert len(good.splitlines()) == 3

    class FullDisk:
        def __init__(self) -> None:
            self.lines = 0

        def __call__(self, *_: Any, **__: Any) -> str:
            self.lines += 1
            if self.lines > 20:
                raise OSError(28, "No space left on device")
            return "0"

    monkeypatch.setattr("limbeck.pipeline.ledger.json.dumps", FullDisk())
    with pytest.raises(UserError, match="No space left"):
        export_file(path, out)
    assert out.read_bytes() == good
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix != "") == ["数据.jsonl"]


def test_export_does_not_overwrite_a_ledger(tmp_path: Path) -> None:
    path = filled(tmp_path / "l")
    with pytest.raises(UserError, match="is an SQLite file and stays"):
        export_file(path, path)
    assert texts(path, [2]) == ["x"]


# merge


def test_merging_copies_what_is_missing_and_nothing_twice(tmp_path: Path) -> None:
    ours, other = tmp_path / "ours", filled(tmp_path / "other")
    put(ours, answered(2, "ours"), answered(7, "x"))
    merged = merge(ours, other)
    assert merged == Merged(
        copied={
            "replies": 2, "retired": 1, "failures": 2, "facts": 1, "batch_items": 1, "batches": 1
        },
        present={
            "replies": 0, "retired": 0, "failures": 0, "facts": 0, "batch_items": 0, "batches": 0
        },
        different=1,
    )  # fmt: skip
    assert texts(ours, [1, 2, 3, 4, 7]) == ["巴黎 🙂\u2028", "ours", "\ud800", None, "x"]
    with Ledger(ours) as ledger:
        assert ledger.recall("probe", "模型") == {"n": True}
        assert ledger.batch_items("b1") == [("k", "{}")]
        assert ledger.spent("r")[0].wasted == Usage(100, 50)
    after = tables(ours)
    again = merge(ours, other)
    assert set(again.copied.values()) == {0}
    assert (again.present["replies"], again.different) == (2, 1)
    assert tables(ours) == after


def test_merging_leaves_the_other_ledger_as_it_is(tmp_path: Path) -> None:
    for other in (filled(tmp_path / "new"), of_format_1(tmp_path / "old")):
        before = other.read_bytes()
        merge(tmp_path / "ours", other)
        assert other.read_bytes() == before
    assert texts(tmp_path / "ours", [1, 2]) == ["巴黎 🙂\u2028", "x"]


def test_merging_into_a_new_ledger_makes_a_copy(tmp_path: Path) -> None:
    other = filled(tmp_path / "other")
    merge(tmp_path / "ours", other)
    assert tables(tmp_path / "ours") == tables(other)


def test_a_ledger_of_the_first_format_merges_and_is_merged_into(tmp_path: Path) -> None:
    old = of_format_1(tmp_path / "old")
    merge(tmp_path / "new", old)
    assert texts(tmp_path / "new", [1, 2]) == ["巴黎", "\ud800"]
    put(tmp_path / "more", answered(9))
    merge(old, tmp_path / "more")
    assert texts(old, [1, 9]) == ["巴黎", "9"]


def test_a_ledger_in_use_is_merged_as_it_is_at_the_moment(tmp_path: Path) -> None:
    with Ledger(tmp_path / "other") as other, Ledger(tmp_path / "ours") as ours:
        asyncio.run(other.put(answered(1)))
        merge(tmp_path / "ours", tmp_path / "other")
        assert ours.get("key 1") == Reply("1", key="key 1")
        asyncio.run(other.put(answered(2)))
        asyncio.run(ours.put(answered(3)))
    assert texts(tmp_path / "ours", [1, 2, 3]) == ["1", None, "3"]


def test_a_retired_reply_does_not_come_back_from_an_older_copy(tmp_path: Path) -> None:
    put(tmp_path / "ours", answered(1, "bad"))
    merge(tmp_path / "copy", tmp_path / "ours")
    with Ledger(tmp_path / "ours") as ledger:
        asyncio.run(retire(ledger, "key 1"))
    merged = merge(tmp_path / "ours", tmp_path / "copy")
    assert (merged.copied["replies"], merged.present["replies"]) == (0, 1)
    assert texts(tmp_path / "ours", [1]) == [None]
    merged = merge(tmp_path / "copy", tmp_path / "ours")  # nor is it paid for twice
    assert (merged.copied["retired"], merged.present["retired"]) == (0, 1)
    assert texts(tmp_path / "copy", [1]) == ["bad"]


def test_a_merge_that_fails_changes_nothing(tmp_path: Path) -> None:
    ours, other = tmp_path / "ours", filled(tmp_path / "other")
    put(ours, answered(7))
    link = sqlite3.connect(other)
    link.execute("DROP TABLE facts")
    link.commit()
    link.close()
    before = tables(ours)
    with pytest.raises(UserError, match="nothing was changed"):
        merge(ours, other)
    assert tables(ours) == before


def test_what_is_no_ledger_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    path = filled(tmp_path / "l")
    (tmp_path / "notes").write_text("é" * 5000, "utf-8")
    (tmp_path / "empty").touch()
    link = sqlite3.connect(tmp_path / "songs")
    link.execute("CREATE TABLE songs (name TEXT)")
    link.close()
    for name in ("notes", "empty", "songs", "missing"):
        for read in (stats, lines, lambda other: merge(tmp_path / "made", other)):
            with pytest.raises(UserError, match=name):
                read(tmp_path / name)
    assert not (tmp_path / "missing").exists()
    assert not (tmp_path / "made").exists()
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(UserError, match="the same ledger"):
        merge(path, tmp_path / "link")
