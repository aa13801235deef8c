"""What the training rows hold of what was asked: which rows, which tasks, and a lost file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import DataError, UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.format import to_row
from limbeck.pipeline.overlap import compared
from limbeck.record import Message, Provenance, Record, user
from limbeck.store import write_json, write_jsonl, write_parquet
from tests.pipeline.test_contamination import ITEMS, answered, asked, job


def trained(folder: Path, records: list[Record], asks: Any, kept: int | None = None) -> Context:
    """A run that was trained on the first `kept` records, and evaluated on `asks`."""
    context, _ = answered(job(folder, filters=[]), folder)
    write_jsonl(context.run.folder("generate") / "records.jsonl", (r.to_json() for r in records))
    write_parquet(
        context.run.folder("format") / "train.parquet", [to_row(r) for r in records[:kept]]
    )
    write_json(context.run.folder("eval") / "items.json", asks)
    return context


def test_an_item_that_is_shown_as_a_demo_is_given_away(tmp_path: Path) -> None:
    turns = (user("哪个是颜色？"), Message("assistant", "红色"), user("Which animal barks?"))
    meta = {"demos": ["d"], "input": "Which animal barks?"}
    record = Record(turns, "dog", Provenance("t"), meta=meta)
    [items], _ = compared(trained(tmp_path, [record], {"items": asked(ITEMS)}))
    [hit] = items["found"]
    assert (hit["place"], hit["item"], hit["rule"], hit["row"]) == (1, "d", "same", record.id)
    assert (hit["side"], hit["text"]) == ("prompt", "哪个是颜色？")
    assert (items["rows"], items["questions"]) == (1, 2)


def test_only_rows_that_were_trained_on_count_and_imitation_is_left_out(tmp_path: Path) -> None:
    texts = ("Which animal barks?", ITEMS[0]["question"])
    records = [Record((user(str(text)),), "x", Provenance("t")) for text in texts]
    asks = {"imitation_nll": asked(ITEMS), "items": asked(ITEMS), "none": []}
    [entry], similar = compared(trained(tmp_path, records, asks, kept=1))
    assert (entry["task"], entry["rows"], entry["found"]) == ("items", 1, [])
    assert list(similar) == ["items"]
    [entry], similar = compared(trained(tmp_path, records, asks))
    assert [hit["item"] for hit in entry["found"]] == ["c"]
    assert similar["items"].tolist() == [pytest.approx(1, abs=1e-4), 0]


def test_a_completion_that_holds_an_item_is_told_with_its_text(tmp_path: Path) -> None:
    question = "Ada had 12 kites, 30 dogs and 7 trams. How many things did Ada have in all?"
    record = Record((user("Write one."),), f"{'So it is. ' * 80}{question}", Provenance("t"))
    [entry], _ = compared(
        trained(tmp_path, [record], {"t": asked([{"id": 1, "question": question}])})
    )
    [hit] = entry["found"]
    assert (hit["rule"], hit["side"], hit["score"], hit["question"]) == (
        "coverage", "completion", 1, question,
    )  # fmt: skip
    assert question in hit["text"]
    assert len(hit["text"]) <= 240


def test_a_run_that_did_not_write_what_it_asked_is_evaluated_again(tmp_path: Path) -> None:
    context = trained(tmp_path, [Record((user("x"),), "y", Provenance("t"))], {})
    assert compared(context) == ([], {})
    write_json(context.run.folder("eval") / "items.json", {"t": [{"question": "x"}]})
    with pytest.raises(DataError, match=r"items\.json does not hold the items of an evaluation"):
        compared(context)
    (context.run.folder("eval") / "items.json").unlink()
    with pytest.raises(UserError, match=r"items\.json is missing: an older .* Run: limbeck eval "):
        compared(context)
