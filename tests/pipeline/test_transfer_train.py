"""Training rows held against items: counts by how much is the same, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import DataError
from limbeck.pipeline.transfer_train import compared
from limbeck.store import write_jsonl


def item(question: str, *options: str) -> dict[str, Any]:
    return {"id": question[:8], "question": question, "options": list(options)}


ASKED = "A train leaves Lyon at 9 and drives 300 km. How long does it take?"
MASKED = "A train leaves Lyon at 7 and drives 250 km. How long does it take?"
SHORT = "东京是哪个国家的首都？"


def test_items_are_counted_by_how_much_is_the_same(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "r0", "messages": [{"role": "user", "content": ASKED}], "completion": "3 hours"},
        {"instruction": SHORT, "output": "日本"},
        {"prompt": SHORT},
    ]
    write_jsonl(tmp_path / "rows.jsonl", rows)
    items = {
        "trains": [item(ASKED), item(MASKED), item("Who wrote Faust?")],
        "places": [item(SHORT, "日本", "法国")],
    }
    (trains, places), similar = compared(items, tmp_path / "rows.jsonl")
    assert similar["trains"].tolist()[0] == pytest.approx(1, abs=1e-4)
    keys = ("task", "items", "rows", "questions", "same", "template", "ngram", "short")
    assert [trains[key] for key in keys] == ["trains", 3, 3, 2, 1, 2, 1, 1]
    assert [(hit["place"], hit["rule"], hit["row"]) for hit in trains["found"]] == [
        (0, "same", "r0"),
        (1, "template", "r0"),
    ]
    assert (places["same"], places["found"][0]["row"]) == (1, "line 2")


def test_a_row_without_a_prompt_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{"prompt": "x"}, {"text": "y"}])
    with pytest.raises(DataError, match=r"rows\.jsonl, line 2: no prompt found"):
        compared({"t": [item("x")]}, path)
    write_jsonl(path, [])
    with pytest.raises(DataError, match="has no training row"):
        compared({"t": [item("x")]}, path)
