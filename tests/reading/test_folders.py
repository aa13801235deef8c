"""Folders of shards, published folders, runs, and datasets of the hub."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from limbeck.errors import DataError, MissingExtra, UserError
from limbeck.kept import RECORDS, VERDICTS
from limbeck.pipeline.format import to_row
from limbeck.reading.ids import Times
from limbeck.reading.source import Source, open_source
from limbeck.record import Verdict
from limbeck.store import write_jsonl
from limbeck.testing import record


def shard(path: Path, *prompts: str) -> Path:
    write_jsonl(path, [{"prompt": prompt, "completion": "c"} for prompt in prompts])
    return path


def asked(source: Source) -> list[str]:
    return [row.instruction for row in source.rows()]


def test_shards_are_read_by_name_and_places_go_on(tmp_path: Path) -> None:
    shard(tmp_path / "b.jsonl", "c", "d")
    shard(tmp_path / "a.jsonl", "a", "b")
    with (tmp_path / "b.jsonl").open("ab") as file:
        file.write(b"nonsense\n")
    (tmp_path / "notes.txt").write_text("not rows", encoding="utf-8")
    source = open_source(tmp_path)
    assert [(row.place, row.instruction) for row in source.rows()] == [
        (1, "a"), (2, "b"), (3, "c"), (4, "d"),
    ]  # fmt: skip
    assert source.about == "a folder of 2 jsonl files, 4 rows read as prompt, completion"
    assert source.reasons == [
        f"{tmp_path / 'b.jsonl'}, line 3: not JSON (Expecting value at column 1)"
    ]


def test_a_split_is_picked_by_the_names_of_files_and_folders(tmp_path: Path) -> None:
    shard(tmp_path / "data" / "train-00000-of-00001.jsonl", "a")
    shard(tmp_path / "data" / "dev.jsonl", "b")
    shard(tmp_path / "test" / "rows.jsonl", "c")
    both = open_source(tmp_path)
    assert sorted(asked(both)) == ["a", "b", "c"]
    assert both.notes == (
        "the splits test, train, validation are read together; --split names one",
    )
    assert asked(open_source(tmp_path, split="validation")) == ["b"]
    assert asked(open_source(tmp_path, split="test")) == ["c"]
    with pytest.raises(UserError, match="no split 'extra'; its splits are test, train, validation"):
        open_source(tmp_path, split="extra")


def test_links_out_of_the_folder_and_loops_are_told_and_not_followed(tmp_path: Path) -> None:
    secret = shard(tmp_path / "outside" / "secret.jsonl", "secret")
    folder = tmp_path / "set"
    shard(folder / "a.jsonl", "a")
    (folder / "in.jsonl").symlink_to(folder / "a.jsonl")
    (folder / "out.jsonl").symlink_to(secret)
    (folder / "more").symlink_to(tmp_path / "outside")
    (folder / "loop").symlink_to(folder)
    (folder / "self.jsonl").symlink_to(folder / "self.jsonl")
    (folder / "model.pt").write_bytes(b"\x80\x04")
    source = open_source(folder)
    assert asked(source) == ["a", "a"]
    assert source.unreadable == {"not_read": 5}
    assert not any("secret" in row for row in asked(source))


def test_a_damaged_shard_costs_its_own_rows(tmp_path: Path) -> None:
    shard(tmp_path / "a.jsonl", "a")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 broken")
    shard(tmp_path / "c.jsonl", "c")
    source = open_source(tmp_path)
    assert asked(source) == ["a", "c"]
    assert source.unreadable == {"not_read": 1}


def test_a_folder_without_data_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# none", encoding="utf-8")
    shard(tmp_path / "run" / "log.jsonl", "no row of the run")
    (tmp_path / "run" / "recipe.yaml").write_text("name: r", encoding="utf-8")
    with pytest.raises(DataError, match=r"a run folder and has no generate/records\.jsonl"):
        open_source(tmp_path / "run")
    (tmp_path / "run" / "log.jsonl").unlink()
    with pytest.raises(DataError, match=r"a folder with files of rows \(\.jsonl, \.json"):
        open_source(tmp_path)


def test_the_folder_that_save_to_disk_writes(tmp_path: Path) -> None:
    folder = tmp_path / "train"
    folder.mkdir()
    table = pa.table({"prompt": ["a", "ب"], "completion": ["b", "د"]})
    with pa.ipc.new_stream(folder / "data-00000-of-00001.arrow", table.schema) as writer:
        writer.write_table(table)
    for name in ("state.json", "dataset_info.json"):
        (folder / name).write_text("{}", encoding="utf-8")
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train"]}', encoding="utf-8")
    source = open_source(tmp_path)
    assert asked(source) == ["a", "ب"]
    assert source.about == "a folder of 1 arrow file, 2 rows read as prompt, completion"


def test_a_published_folder_gives_its_records(tmp_path: Path) -> None:
    made = [record(f"c{at}", prompt=f"p{at}", target="t") for at in range(3)]
    (tmp_path / "data").mkdir()
    rows = pa.Table.from_pylist([to_row(one) for one in made])
    pq.write_table(rows, tmp_path / "data" / "train-00000-of-00001.parquet")
    (tmp_path / "limbeck.json").write_text("{}", encoding="utf-8")
    shard(tmp_path / "provenance" / "verdicts.jsonl", "not a row")
    card = "---\nlicense: cc-by-nc-4.0\n---\n# Set\n"
    (tmp_path / "README.md").write_text(card, encoding="utf-8")
    source = open_source(tmp_path)
    found = list(source.rows())
    assert [(row.record, row.output, row.target) for row in found] == [
        (one.id, one.completion, "t") for one in made
    ]
    assert source.about == "a published folder of 1 parquet file, 3 rows read as limbeck records"
    assert source.licence == "cc-by-nc-4.0"


def test_a_run_gives_what_its_filters_kept(tmp_path: Path) -> None:
    made = [record(text, prompt=prompt) for text, prompt in (("一", "a"), ("二", "b"))]
    write_jsonl(tmp_path / RECORDS, [one.to_json() for one in made])
    assert asked(open_source(tmp_path)) == ["a", "b"]
    verdicts = [Verdict(made[0].id, "exact", False), Verdict(made[1].id, "exact", True)]
    write_jsonl(tmp_path / VERDICTS, [one.to_json() for one in verdicts])
    source = open_source(tmp_path)
    assert [(row.instruction, row.place, row.record) for row in source.rows()] == [
        ("b", 2, made[1].id)
    ]
    assert source.about.startswith("the records of the run that its filters kept, 1 row ")
    with pytest.raises(UserError, match="is a run and has no split 'test'"):
        open_source(tmp_path, split="test")


@pytest.mark.parametrize(
    ("name", "text", "licence"),
    [
        ("README.md", "---\nlicense:\n- mit\n- apache-2.0\n---\n", "mit, apache-2.0"),
        ("README.md", "---\nlicense: {: [\n---\n", ""),
        ("README.md", "---\nlicense: !!python/object/apply:os.system ['true']\n---\n", ""),
        ("README.md", "# no front matter\nlicense: mit\n", ""),
        ("dataset_info.json", '{"license": "mit"}', "mit"),
        ("dataset_infos.json", '{"default": {"license": "gpl-3.0"}}', "gpl-3.0"),
        ("dataset_info.json", "[" * 100_000, ""),
    ],
)
def test_the_licence_beside_a_file(tmp_path: Path, name: str, text: str, licence: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert open_source(shard(tmp_path / "a.jsonl", "a")).licence == licence


class _Stream:
    def __init__(self, rows: Sequence[dict[str, Any]], fails: bool = False) -> None:
        self._rows, self._fails = rows, fails

    def __iter__(self) -> Iterator[dict[str, Any]]:
        yield from self._rows
        if self._fails:
            raise ConnectionError("the line went dead")


def hub(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[tuple[Any, ...]]:
    """A fake of the library; returns what it is asked."""
    calls: list[tuple[Any, ...]] = []

    def load_dataset(name: str, config: Any, *, split: Any, streaming: bool, **more: Any) -> Any:
        calls.append((name, config, split, streaming, more))
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    card = SimpleNamespace(load=lambda name: SimpleNamespace(content="---\nlicense: mit\n---\n"))
    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(DatasetCard=card))
    return calls


def test_a_dataset_of_the_hub_is_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"instruction": "写", "output": "一"}]
    calls = hub(monkeypatch, {"train": _Stream(rows), "test": _Stream(rows)})
    source = open_source("hf:org/name:main")
    assert asked(source) == ["写", "写"]
    assert calls == [("org/name", "main", None, True, {})]
    assert (source.name, source.licence) == ("org/name", "mit")
    assert source.about == "a dataset of the hub, 2 rows read as instruction, output"
    assert source.notes == ("the splits train, test are read together; --split names one",)


def test_a_hub_that_stops_in_the_middle_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    hub(monkeypatch, _Stream([{"prompt": "a", "completion": "b"}], fails=True))
    source = open_source("hf:org/name", split="train")
    assert asked(source) == ["a"]
    assert source.reasons == ["hf:org/name, row 2: the hub stopped: the line went dead"]


def test_a_hub_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    hub(monkeypatch, ConnectionError("no route\nto host"))
    with pytest.raises(DataError, match=r"cannot open hf:org/name: no route\. Is the name right"):
        open_source("hf:org/name")
    for name in ("hf:", "hf:../../etc/passwd", "hf:a/b/c", "hf:a b"):
        with pytest.raises(UserError, match="names no dataset of the hub"):
            open_source(name)
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtra, match=r"\[publish\]"):
        open_source("hf:org/name")


def test_ids_are_counted_in_any_order_and_size() -> None:
    times, plain = Times(fresh=3), dict[int, int]()
    numbers = [(7 * at * at) % 23 + (1 << 63) for at in range(200)] + [0, (1 << 64) - 1, 0]
    for number in numbers:
        plain[number] = plain.get(number, 0) + 1
        assert times.add(number) == plain[number]


def test_names_in_rows_and_shards_are_never_paths(tmp_path: Path) -> None:
    rows = [{"name": "../../etc/passwd", "file": "/etc/passwd", "prompt": "p", "completion": "c"}]
    path = tmp_path / "set" / "..x.jsonl"
    path.parent.mkdir()
    path.write_text(json.dumps(rows[0]) + "\n", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    assert asked(open_source(path)) == ["p"]
    assert sorted(tmp_path.rglob("*")) == before
