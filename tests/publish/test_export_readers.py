"""Exported files in the readers of others: datasets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.publish.export import Options, export

datasets = pytest.importorskip("datasets")
pytestmark = pytest.mark.needs("publish")  # ./datasets is found where the package is not
CHATS = [
    [("user", "你好？"), ("assistant", '"Guten" Tag\r\n\n🙂')],
    [("system", "كن"), ("user", "a"), ("assistant", "b"), ("user", "ไทย"), ("assistant", "  d")],
    [("user", "=1"), ("assistant", "2024-01-01")],
]


def source(folder: Path) -> str:
    path = folder / "a.jsonl"
    lines = [{"messages": [{"role": r, "content": t} for r, t in chat]} for chat in CHATS]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


def loaded(path: Path, **more: Any) -> Any:
    kind = path.suffix.removeprefix(".").replace("jsonl", "json")
    return datasets.load_dataset(
        kind, data_files=str(path), split="train", cache_dir=str(path.parent / "cache"), **more
    )


@pytest.mark.parametrize("kind", ["jsonl", "json", "parquet"])
def test_datasets_reads_what_was_written(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"m.{kind}"
    export(source(tmp_path), path, Options("messages", provenance=True))
    found = [[(turn["role"], turn["content"]) for turn in row["messages"]] for row in loaded(path)]
    assert found == CHATS


def test_datasets_reads_a_folder_with_its_splits(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for split in ("train", "test"):
        line = {"prompt": split, "completion": "c"}
        (folder / f"{split}.jsonl").write_text(json.dumps(line) + "\n")
    export(str(folder), tmp_path / "out", Options("alpaca"))
    assert (tmp_path / "out" / "dataset_info.json").is_file()
    found = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {name: part["instruction"][:] for name, part in found.items()} == {
        "train": ["train"], "test": ["test"],
    }  # fmt: skip


def test_a_history_that_comes_late_is_read_from_json_lines(tmp_path: Path) -> None:
    """`datasets` takes types from the first block, in which every history would be empty."""
    path = tmp_path / "a.jsonl"
    plain = {"messages": [{"role": r, "content": t} for r, t in CHATS[0]]}
    long = {"messages": [{"role": r, "content": t} for r, t in CHATS[1]]}
    lines = [plain] * 50 + [long] + [plain] * 50
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    to = tmp_path / "b.jsonl"
    export(str(path), to, Options("alpaca"))
    rows = list(loaded(to, chunksize=1000))
    assert len(rows) == 101
    assert [row["history"] for row in rows if row["history"]] == [[["a", "b"]]]


def test_a_csv_says_what_pandas_takes_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "p", "completion": "null"}\n{"prompt": "q", "completion": "x"}\n')
    to = tmp_path / "b.csv"
    done = export(str(path), to, Options("prompt_completion"))
    assert loaded(to)["completion"][:] == [None, "x"]
    assert done.files[0].missing == 1


def test_answers_that_are_all_dates_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "p", "completion": "2024-01-01"}\n')
    done = export(str(path), tmp_path / "b.jsonl", Options("alpaca"))
    assert not isinstance(loaded(tmp_path / "b.jsonl")[0]["output"], str)
    assert done.files[0].times
    export(str(path), tmp_path / "b.parquet", Options("alpaca"))
    assert loaded(tmp_path / "b.parquet")[0]["output"] == "2024-01-01"
