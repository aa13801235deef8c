"""What a row of prompts has besides: through the real commands, into records, splits and what is
published, and back again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from limbeck.columns import OWN
from limbeck.kept import kept_records
from limbeck.pipeline.format import from_row, read_split
from limbeck.publish.rows import COLUMNS, REFUSED_ROW
from limbeck.testing.server import ApiServer
from tests.engine import count, limbeck, records, rows, write_recipe

ROWS: list[dict[str, Any]] = [
    {"prompt": "Grüße?", "id": 7, "topic": "höflich", "score": 1, "tags": ["a", "b"], "big": 2**62},
    {"prompt": "为什么?", "id": "x-2", "主题": {"深": [1, {"a": None}]}, "score": 0.5, "tags": []},
    {"prompt": "لماذا؟", "id": 9, "topic": None, "ok": True, "mixed": [1, "a"], "from": "z"},
    {"prompt": "为什么?", "id": "x-4", "topic": "same prompt"},
]  # fmt: skip
BACK = [
    {("prompt_id" if key == "id" else key): value for key, value in row.items() if key != "prompt"}
    for row in ROWS
]
MORE = "format: {valid: 0, test: 0}\nfilters: [complete]\n"


def test_the_columns_of_a_row_come_back_everywhere(tmp_path: Path) -> None:
    with ApiServer() as server:
        recipe = write_recipe(tmp_path, server.base_url, ROWS, more=MORE)
        limbeck(tmp_path, "generate", str(recipe))
        plain = write_recipe(tmp_path, server.base_url, [{"prompt": row["prompt"]} for row in ROWS])
        limbeck(tmp_path, "generate", str(plain), "--set", "name=plain")
        assert len(server.bodies) == 4, "no request depends on a column"
        write_recipe(tmp_path, server.base_url, ROWS, more=MORE)
        without = rows(tmp_path / "runs/plain/generate/records.jsonl")
        assert [row["columns"] for row in records(tmp_path)] == BACK
        assert [{**row, "columns": 0} for row in records(tmp_path)] == [
            {**row, "columns": 0} for row in without
        ]
        limbeck(tmp_path, "filter", str(recipe))
        assert [record.to_json()["columns"] for record in kept_records(tmp_path / "runs/r")] == BACK
        train = tmp_path / "runs/r/format/train.parquet"
        assert [r.to_json()["columns"] for r in read_split(train.parent, "train")] == BACK
        assert pq.read_table(train).column("topic").to_pylist()[0] == "höflich"

        out = tmp_path / "out"
        limbeck(tmp_path, "publish", "runs/r", "--to", str(out), "--no-audit")
        table = pq.read_table(out / "data")
        assert table.column("tags").to_pylist() == [["a", "b"], [], None, None]
        assert table.column("score").to_pylist() == [1.0, 0.5, None, None]
        assert table.column("ok").to_pylist() == [None, None, True, None]
        deep = table.column("主题").to_pylist()
        assert (json.loads(deep[1]), deep[0]) == (ROWS[1]["主题"], None)
        published = [from_row(row).to_json()["columns"] for row in table.to_pylist()]
        assert published == BACK
        limbeck(tmp_path, "verify", str(out))

        for source in ("runs/r", str(out)):
            said = limbeck(tmp_path, "import", source, "--to", "again.jsonl")
            assert "not carried over" not in said
            again = (*("--set", "seeds=again.jsonl"), *("--set", "generate=given"), "--set")
            limbeck(tmp_path, "generate", str(recipe), *again, "name=again", "--fresh")
            made = rows(tmp_path / "runs/again/generate/records.jsonl")
            assert [row["columns"] for row in made] == BACK


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"generator": "me"}, ("'generator'", "limbeck's own column generator")),
        ({"index": None}, ("'index'", "limbeck's own column index")),
        ({"id": 1, "prompt_id": 2}, ("'prompt_id'", "in which the row's id stands")),
    ],
)
def test_a_column_that_is_called_as_one_of_ours_is_named_before_a_call_is_paid(
    tmp_path: Path, row: dict[str, Any], named: tuple[str, ...]
) -> None:
    with ApiServer() as server:
        recipe = write_recipe(tmp_path, server.base_url, [{"prompt": "p"}, {"prompt": "q", **row}])
        skip = ("--set", "seeds.on_bad_line=skip")
        said = " ".join(limbeck(tmp_path, "generate", str(recipe), *skip, code=2).split())
        assert all(part in said for part in ("line 2", *named)), said
        assert not server.bodies


def test_every_column_that_is_written_is_one_of_ours() -> None:
    assert {*COLUMNS, *REFUSED_ROW, "messages"} <= OWN


def test_equal_requests_are_samples_of_their_own(tmp_path: Path) -> None:
    same = [{"prompt": "为什么?", "target": target} for target in ("a", "b", "a")]
    with ApiServer() as server:
        recipe = write_recipe(tmp_path, server.base_url, same)
        for _ in range(2):
            limbeck(tmp_path, "generate", str(recipe), "--set", "generate.temperature=0")
        assert len(server.bodies) == count(tmp_path) == 3
    made = records(tmp_path)
    assert [row["target"] for row in made] == ["a", "b", "a"]
    assert len({row["id"] for row in made}) == 3
