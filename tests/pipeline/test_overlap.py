"""What the training rows give away in their demos; of their questions: test_contamination.py."""

from __future__ import annotations

from pathlib import Path

from limbeck.pipeline.format import to_row
from limbeck.pipeline.overlap import given_away
from limbeck.record import Message, Provenance, Record, user
from limbeck.store import file_hash, write_jsonl, write_parquet
from tests.pipeline.test_contamination import answered, job


def test_an_item_that_is_shown_as_a_demo_is_given_away(tmp_path: Path) -> None:
    recipe = job(tmp_path, filters=[], eval={"tasks": ["items.jsonl"]})
    context, _ = answered(recipe, tmp_path)
    turns = (user("哪个是颜色？"), Message("assistant", "红色"), user("Which animal barks?"))
    meta = {"demos": ["d"], "input": "Which animal barks?"}
    record = Record(turns, "dog", Provenance("t"), meta=meta)
    write_jsonl(context.run.folder("generate") / "records.jsonl", [record.to_json()])
    write_parquet(context.run.folder("format") / "train.parquet", [to_row(record)])
    [items] = given_away(context, {"data": [file_hash(tmp_path / "items.jsonl")]})
    assert items["found"] == [{"place": 1, "item": "d", "reason": "same", "row": record.id}]
    assert (items["rows"], items["questions"]) == (1, 2)
