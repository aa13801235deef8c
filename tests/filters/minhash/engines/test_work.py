"""Pairs of a group, sets and bands as files, verdicts as files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.filters.minhash.engines import work
from limbeck.filters.minhash.engines.positions import files_of, first_of, range_of, rows_of
from limbeck.filters.minhash.engines.verdicts import (
    Decided,
    kept_name,
    removed_rows,
    write_kept,
    write_verdicts,
)
from limbeck.filters.minhash.shingles import shingles

SKETCH = work.Sketch(("text",), 0.8, 128, 5)


_GROUPS = st.lists(st.lists(st.integers(0, 40), unique=True, max_size=9), max_size=6)


@given(_GROUPS, st.none() | st.sets(st.integers(0, 40), max_size=20))
def test_pairs_of_groups(groups: list[list[int]], gone: set[int] | None) -> None:
    rows = np.array([row for group in groups for row in group], np.uint64)
    ends = np.cumsum([len(group) for group in groups], dtype=np.int64)
    removed = None if gone is None else np.array(sorted(gone), np.uint64)
    first, second, until = work.paired(rows, ends, removed)
    pairs = list(zip(first.tolist(), second.tolist(), strict=True))
    start = 0
    for group, end in zip(groups, until.tolist(), strict=True):
        leads = group if gone is not None else [min(group)] if group else []
        expected = [
            (a, b)
            for a in sorted(leads)
            if not gone or a not in gone
            for b in sorted(group)
            if a < b
        ]
        assert pairs[start:end] == expected
        start = end
    assert start == len(pairs)


def test_lists_of_pairs_stay_with_their_groups() -> None:
    groups = pa.array([[2, 1], [5, 4, 6]], pa.list_(pa.uint64()))
    found = work.pair_lists(groups, None).to_pylist()
    assert found == [
        [{"first": 1, "second": 2}],
        [{"first": 4, "second": 5}, {"first": 4, "second": 6}],
    ]
    found = work.pair_lists(groups, np.array([1, 4], np.uint64)).to_pylist()
    assert found == [[], [{"first": 5, "second": 6}]]


def test_positions_part_again() -> None:
    found = np.array([first_of(3) + 5, first_of(0)], np.uint64)
    assert (files_of(found).tolist(), rows_of(found).tolist()) == ([3, 0], [5, 0])
    assert range_of(3).tolist() == [3 << 36, 4 << 36]
    with pytest.raises(ValueError, match="at most"):
        first_of(1 << 27)


def test_bands_and_sets_of_a_file(tmp_path: Path) -> None:
    rows = ["one two three four five six", "", "一二三四五六七", "x" * 10]
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": rows}), path)
    assert work.write_bands(path, 2, tmp_path / "bands.parquet", SKETCH) == 4
    assert work.rows_in(tmp_path / "bands.parquet") == (4, 0)
    bands = pq.read_table(tmp_path / "bands.parquet")
    count = SKETCH.bands.count
    assert bands["pos"].to_pylist() == sorted([first_of(2) + n for n in (0, 2, 3)] * count)
    wanted = np.array([first_of(2) + 1, first_of(2) + 2], np.uint64)
    assert work.write_sets(path, wanted, tmp_path / "sets.parquet", SKETCH) == 2
    sets = pq.read_table(tmp_path / "sets.parquet").to_pylist()
    assert sets[0] == {"pos": first_of(2) + 1, "hashes": []}
    assert sorted(sets[1]["hashes"]) == sorted(shingles([rows[2]])[0].tolist())


def test_jaccard_of_lists() -> None:
    kind = pa.list_(pa.uint64())
    one = pa.array([[9], [1, 2, 3, 4], [1]], kind).slice(1)
    other = pa.array([[2, 4, 5], [7]], kind)
    assert work.jaccards(one, other) == [2 / 5, 0.0]


def test_verdicts_and_kept_rows(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a", "b", "c"], "n": [1, 2, 3]}), tmp_path / "a.parquet")
    lines = ['{"text": "d"}', "broken", '{"text":"é"}']
    (tmp_path / "b.jsonl").write_text("\n".join(lines), encoding="utf-8")
    files = [tmp_path / "a.parquet", tmp_path / "b.jsonl"]
    removed = np.array([first_of(0) + 1, first_of(1) + 2], np.uint64)
    near = np.array([first_of(0), first_of(0) + 2], np.uint64)
    decided = Decided(removed, near, np.array([0.8, 1.0]), [3, 3])
    rows = pq.read_table(write_verdicts(tmp_path, files, decided)).to_pylist()
    assert [(Path(r["file"]).name, r["row"], r["keep"]) for r in rows] == [
        ("a.parquet", 0, True), ("a.parquet", 1, False), ("a.parquet", 2, True),
        ("b.jsonl", 0, True), ("b.jsonl", 1, True), ("b.jsonl", 2, False),
    ]  # fmt: skip
    last = rows[-1]
    assert (last["score"], Path(last["nearest_file"]).name, last["nearest_row"]) == (
        1.0, "a.parquet", 2
    )  # fmt: skip
    assert rows[0]["score"] is None
    assert rows[0]["nearest_file"] is None
    counts = [
        write_kept(path, removed_rows(decided, number), tmp_path / f"kept-{path.name}")
        for number, path in enumerate(files)
    ]
    assert counts == [2, 2]
    assert pq.read_table(tmp_path / "kept-a.parquet").to_pydict() == {
        "text": ["a", "c"], "n": [1, 3]
    }  # fmt: skip
    kept = (tmp_path / "kept-b.jsonl").read_text(encoding="utf-8")
    assert kept == '{"text": "d"}\nbroken\n'
    assert json.loads(kept.splitlines()[0]) == {"text": "d"}


def test_names_of_kept_files_differ() -> None:
    files = [Path("x/a.jsonl"), Path("y/a.jsonl"), Path("a-2.jsonl"), Path("verdicts.parquet")]
    assert kept_name(files) == ["a.jsonl", "a-2.jsonl", "a-2-2.jsonl", "verdicts-2.parquet"]
