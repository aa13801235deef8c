"""What rows cost, by a ledger that was written as a run writes it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from limbeck.audit.measure import Options
from limbeck.ledger import Answered, Ledger
from limbeck.money import MILLION, Rates
from limbeck.protocols import Reply, Usage
from tests.audit.small import Listed, finding, source

RATES = Rates(input=1 * MILLION, output=2 * MILLION, cached=0, source="the recipe's price")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Requests k0 to k4, each of 100 tokens in and 50 out: 200 millionths of a dollar."""
    path = tmp_path / "ledger.sqlite"

    async def write() -> None:
        with Ledger(path) as opened:
            for number in range(5):
                reply = Reply("42", "stop", Usage(100, 50))
                await opened.put(Answered(f"k{number}", {"model": "m"}, "{}", reply, 1, 0.1))

    asyncio.run(write())
    return path


def rows(*keys: str) -> Listed:
    raw = [
        {"instruction": f"Q{n}", "output": f"The answer is {n % 2}.", "target": "1"}
        for n in range(len(keys))
    ]
    opened = source(raw)
    opened.listed = [
        replace(row, request=key) for row, key in zip(opened.listed, keys, strict=True)
    ]
    return opened


def details(found: dict[str, Any]) -> dict[str, str]:
    return dict(map(tuple, found["details"]))


def test_a_row_and_a_correct_row(ledger: Path) -> None:
    options = Options(ledger=ledger, rates=RATES)
    found = finding(rows("k0", "k1", "k2", "k3"), "cost", options=options)
    assert (found["count"], found["of"], found["level"]) == (0, 4, "good")
    assert details(found)["To a row"] == "$0.0002"
    assert details(found)["To a correct row"] == "$0.0004"  # every second one is right
    assert "$0.0008 were spent on 4 rows" in found["says"]


def test_paths_of_one_request_are_paid_once_and_tokens_count_without_a_price(ledger: Path) -> None:
    found = finding(rows("k0", "k0"), "cost", options=Options(ledger=ledger))
    assert details(found)["Tokens"] == "150"
    assert details(found)["To a row"] == "75 tokens"


def test_refused_rows_of_the_run_were_paid_too(ledger: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run" / "generate"
    folder.mkdir(parents=True)
    records = [{"id": f"r{n}", "provenance": {"request": f"k{n}"}} for n in range(5)]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (folder / "records.jsonl").write_text(lines, "utf-8")
    options = Options(ledger=ledger, rates=RATES, run=tmp_path / "run")
    found = finding(rows("k0", "k1"), "cost", options=options)
    assert details(found)["Requests of refused rows of the run"] == "3"
    assert details(found)["To a row"] == "$0.0005"


def test_a_ledger_that_has_only_some_of_them(ledger: Path) -> None:
    found = finding(rows("k0", "elsewhere"), "cost", options=Options(ledger=ledger))
    assert (found["count"], found["of"], found["level"]) == (1, 2, "note")
    none = finding(rows("elsewhere"), "cost", options=Options(ledger=ledger))
    assert none["why"] == "the ledger has none of the rows' requests"


def test_without_a_ledger_or_requests(tmp_path: Path) -> None:
    assert finding(rows(""), "cost")["why"] == "no row names the request that made it"
    gone = Options(ledger=tmp_path / "gone.sqlite")
    assert finding(rows("k0"), "cost", options=gone)["why"] == "there is no ledger here"
