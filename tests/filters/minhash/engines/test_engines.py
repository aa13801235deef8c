"""All engines decide alike, and as plain sets of words say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from limbeck.errors import DataError, UserError
from limbeck.filters.minhash.engines import Decided, near_rows
from limbeck.filters.minhash.engines.positions import first_of
from limbeck.filters.minhash.shingles import word_shingles
from tests.filters.minhash.engines.texts import texts, write_files


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return write_files(tmp_path, texts(300))


def same(one: Decided, other: Decided) -> bool:
    arrays = ((getattr(one, name), getattr(other, name)) for name in ("removed", "nearest"))
    return (
        (one.counts, one.unreadable) == (other.counts, other.unreadable)
        and all(np.array_equal(a, b) for a, b in arrays)
        and np.array_equal(one.jaccard, other.jaccard)
    )


def by_sets(rows: list[str]) -> dict[int, float]:
    """The rows that a reader in order refuses, by plain sets, each with its greatest index."""
    kept: list[set[tuple[str, ...]]] = []
    gone = {}
    for number, text in enumerate(rows):
        own = word_shingles(text)
        best = max((len(own & k) / len(own | k) for k in kept if own and k), default=0.0)
        if best >= 0.8:
            gone[number] = best
        else:
            kept.append(own)
    return gone


def test_the_local_engine_decides_as_plain_sets_do(tmp_path: Path) -> None:
    rows = texts(300)
    files = write_files(tmp_path, rows)
    found = near_rows(files, ["text"], folder=tmp_path / "work")
    places = [first_of(0) + n for n in range(100)] + [first_of(1) + n for n in range(100)]
    places += [first_of(2) + n + (n > 0) for n in range(100)]  # line 2 of the last one is broken
    expected = {places[number]: score for number, score in by_sets(rows).items()}
    told = dict(zip(found.removed.tolist(), found.jaccard.tolist(), strict=True))
    assert len(told) > 40
    assert (found.unreadable, found.counts) == (1, [100, 100, 101])
    assert len(set(expected) ^ set(told)) <= 1  # MinHash may miss a pair: 0.6% near the threshold
    assert {k: told[k] for k in told if k in expected} == pytest.approx(
        {k: expected[k] for k in expected if k in told}
    )


def test_daft_decides_as_the_local_engine(files: list[Path], tmp_path: Path) -> None:
    pytest.importorskip("daft", minversion="0.7")
    local = near_rows(files, ["text"], folder=tmp_path / "a")
    said: list[str] = []
    found = near_rows(files, ["text"], engine="daft", folder=tmp_path / "b", say=said.append)
    assert len(found.removed) > 40
    assert same(local, found)
    assert sum("round" in line for line in said) >= 2  # chains take more than one


def test_a_stopped_job_goes_on_with_what_is_there(files: list[Path], tmp_path: Path) -> None:
    pytest.importorskip("daft", minversion="0.7")
    folder = tmp_path / "work"
    found = near_rows(files, ["text"], engine="daft", folder=folder)
    first = (folder / "bands" / "00000000.parquet").stat().st_mtime_ns
    (folder / "bands" / "00000001.parquet").unlink()
    for done in sorted(folder.glob("round-*/done"))[1:]:
        done.rename(done.with_name("gone"))
    assert same(found, near_rows(files, ["text"], engine="daft", folder=folder))
    assert (folder / "bands" / "00000000.parquet").stat().st_mtime_ns == first


def test_another_job_in_the_folder_is_refused(files: list[Path], tmp_path: Path) -> None:
    pytest.importorskip("daft", minversion="0.7")
    near_rows(files, ["text"], engine="daft", folder=tmp_path / "work")
    with pytest.raises(UserError, match="of another job"):
        near_rows(files, ["text"], engine="daft", threshold=0.7, folder=tmp_path / "work")


@pytest.mark.slow
def test_ray_decides_as_the_local_engine(files: list[Path], tmp_path: Path) -> None:
    pytest.importorskip("daft", minversion="0.7")
    pytest.importorskip("ray")
    outputs = []
    for engine in ("local", "ray"):  # a process has one runner of daft, so each gets its own
        command = [sys.executable, "-m", "limbeck", "dedup", *map(str, files), "--engine", engine]
        command += ["--to", str(tmp_path / engine)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr
        names = ["verdicts.parquet", *(path.name for path in files)]
        outputs.append([(tmp_path / engine / name).read_bytes() for name in names])
    assert outputs[0] == outputs[1]


def test_wrong_input_is_named(files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'daft'"):
        near_rows(files, ["text"], engine="dafft", folder=tmp_path)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="choose a folder without"):
        near_rows(files, ["text"], engine="daft", folder=tmp_path / "a*b")
    with pytest.raises(DataError, match="no column 'texts'; did you mean 'text'"):
        near_rows(files, ["texts"], folder=tmp_path)
    with pytest.raises(DataError, match="is no file"):
        near_rows([tmp_path / "none.parquet"], ["text"], folder=tmp_path)
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    with pytest.raises(DataError, match="neither Parquet nor JSON lines"):
        near_rows([tmp_path / "a.txt"], ["text"], folder=tmp_path)
    number = tmp_path / "number.jsonl"
    number.write_text(json.dumps({"text": 3}) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 1: 'text' is int, not text"):
        near_rows([number], ["text"], folder=tmp_path)
