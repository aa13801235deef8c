"""Facts and batches: remembered, found again by another process, and never half."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.ledger import Batch, Ledger
from limbeck.ledger.notes import ABANDONED, CREATING
from tests.ledger.example import WHO, answered


@pytest.mark.parametrize(
    "value", [None, 0, "é 🙂", "\ud800", {"top_logprobs": 20, "echo": False, "为": [1.5, None]}]
)
def test_a_fact_is_remembered(tmp_path: Path, value: Any) -> None:
    with Ledger(tmp_path / "l") as ledger, Ledger(tmp_path / "l") as other:
        assert ledger.recall("probe", "模型") is None
        ledger.remember("probe", "模型", "old")
        ledger.remember("probe", "other", "other")
        ledger.remember("probe", "模型", value)
        assert ledger.recall("probe", "模型") == value
        assert other.recall("probe", "模型") == value
        assert ledger.recall("price", "模型") is None


def test_a_fact_is_remembered_from_within_an_event_loop(tmp_path: Path) -> None:
    async def main(ledger: Ledger) -> None:
        puts = [asyncio.create_task(ledger.put(answered(n))) for n in range(100)]
        await asyncio.sleep(0)
        ledger.remember("probe", "m", {"n": True})
        assert ledger.recall("probe", "m") == {"n": True}
        await asyncio.gather(*puts)

    with Ledger(tmp_path / "l") as ledger:
        asyncio.run(main(ledger))


def add(ledger: Ledger, id: str, run: str, *keys: str) -> None:
    items = [(key, f'{{"messages":["é {key}"]}}') for key in keys]
    ledger.add_batch(
        id, run=run, teacher=WHO, input_file="file-1", status="validating", items=items
    )


def test_a_batch_and_its_items_are_found_again(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        add(ledger, "batch_2", "r1", "k2", "k1", "k3")
        add(ledger, "batch_1", "r1", "k4")
        add(ledger, "batch_3", "r2", "k5")
        ledger.set_batch_status("batch_2", "in_progress")
    with Ledger(tmp_path / "l") as ledger:
        batches = ledger.batches("r1")
        assert [batch.id for batch in batches] == ["batch_2", "batch_1"]
        first = batches[0]
        assert first == Batch("batch_2", "r1", WHO, "file-1", "in_progress", first.at)
        assert ledger.batch_items("batch_2") == [
            (key, f'{{"messages":["é {key}"]}}') for key in ("k2", "k1", "k3")
        ]
        assert ledger.batches("r3") == []
        assert ledger.batch_items("r1") == []


def test_keys_are_live_until_their_batch_is_collected_or_failed(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        add(ledger, "b1", "r1", "k1", "k2")
        add(ledger, "b2", "r1", "k3")
        add(ledger, "b3", "r2", "k4")
        assert ledger.live_keys("r1") == {"k1", "k2", "k3"}
        for status in ("in_progress", "completed", "expired", "cancelled"):
            ledger.set_batch_status("b1", status)
            assert ledger.live_keys("r1") == {"k1", "k2", "k3"}
        ledger.set_batch_status("b1", "collected")
        assert ledger.live_keys("r1") == {"k3"}
        ledger.set_batch_status("b2", "failed")
        assert ledger.live_keys("r1") == set()


def test_a_batch_gets_its_own_id_once_the_endpoint_made_it(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        add(ledger, "file-1", "r1", "k1", "k2")
        add(ledger, "b2", "r1", "k3")
        ledger.set_batch_status("file-1", CREATING)
        assert ledger.live_keys("r1") == {"k1", "k2", "k3"}
        ledger.name_batch("file-1", "b1", "validating")
        named = ledger.batches("r1")
        assert [(batch.id, batch.status) for batch in named] == [
            ("b1", "validating"), ("b2", "validating"),
        ]  # fmt: skip
        assert named[0].input_file == "file-1"
        assert [key for key, _ in ledger.batch_items("b1")] == ["k1", "k2"]
        assert ledger.batch_items("file-1") == []
        with pytest.raises(UserError, match="cannot write the ledger"):
            ledger.name_batch("b2", "b1", "validating")
        assert [key for key, _ in ledger.batch_items("b2")] == ["k3"]


def test_a_batch_that_was_never_made_holds_no_keys(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        add(ledger, "file-1", "r1", "k1")
        ledger.set_batch_status("file-1", ABANDONED)
        assert ledger.live_keys("r1") == set()


def test_a_batch_that_cannot_be_stored_leaves_nothing(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        with pytest.raises(UserError, match="cannot write the ledger"):
            add(ledger, "b1", "r1", "k1", "k1")
        assert ledger.batches("r1") == []
        assert ledger.live_keys("r1") == set()
        add(ledger, "b1", "r1", "k1")
        assert ledger.live_keys("r1") == {"k1"}


def test_a_closed_ledger_refuses_to_remember(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    ledger.close()
    with pytest.raises(RuntimeError, match="is closed"):
        ledger.remember("probe", "m", 1)
