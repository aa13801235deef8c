"""What a submit sends: the budget, the shards, and the requests in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import BudgetError
from limbeck.ledger import Keyer
from limbeck.pipeline import batch_plan
from limbeck.pipeline.batch import collect, submit
from limbeck.pipeline.batch_plan import shards, stored_request
from limbeck.pipeline.context import Context
from limbeck.pipeline.generate import generator_of
from limbeck.protocols import Request
from limbeck.record import user
from limbeck.testing import BatchServer
from tests.pipeline.batches import (
    PROMPTS,
    asked,
    context,
)


def test_a_shard_keeps_to_one_endpoint_and_to_both_limits(tmp_path: Path) -> None:
    lines = [
        ("a" if i % 3 else "b", f"key {i}", f"é{i}", f"{i:_>9}".encode() + b"\n") for i in range(12)
    ]
    made = []
    for shard in shards(lines, tmp_path, most_requests=3, most_bytes=25):
        raw = shard.path.read_bytes()
        assert len(raw) == shard.size <= 25
        made.append((shard.endpoint, [key for key, _ in shard.items], raw.decode().split()))
    whole = sorted(
        (key, row) for _, keys, rows in made for key, row in zip(keys, rows, strict=True)
    )
    assert whole == sorted((key, line.decode().strip()) for _, key, _, line in lines)
    assert max(len(keys) for _, keys, _ in made) == 2
    assert {name: sum(len(k) for n, k, _ in made if n == name) for name in "ab"} == {"a": 8, "b": 4}
    assert list(tmp_path.iterdir()) == []


def test_a_request_that_comes_twice_is_sent_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = generator_of

    class Doubled:
        name = "doubled"

        def __init__(self, ctx: Context) -> None:
            self.generator: Any = real(ctx)

        def requests(self, seeds: Any) -> Any:
            return [*self.generator.requests(seeds)] * 2

    monkeypatch.setattr(batch_plan, "generator_of", Doubled)
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        made = submit(ctx)
        assert (made.plan.total, asked(server, made.batches[0])) == (6, PROMPTS)


def test_a_budget_takes_what_fits_at_its_worst_and_counts_batches_under_way(tmp_path: Path) -> None:
    # A request: 300 tokens to come, and 20 of its prompt.
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url, budget={"tokens": 980})
        with pytest.raises(BudgetError, match=r"980 tokens has no room for 3 requests"):
            submit(ctx)
        [name] = server.batches
        assert asked(server, name) == PROMPTS[:3]
        with pytest.raises(BudgetError, match="no room for 3 requests"):
            submit(ctx)
        assert list(server.batches) == [name]
        server.finish(name)
        collect(ctx)  # 36 tokens, far less than the worst
        with pytest.raises(BudgetError, match="no room for 1 request,"):
            submit(ctx)
        assert asked(server, list(server.batches)[1]) == PROMPTS[3:5]


def test_a_budget_in_dollars_is_at_the_batch_price(tmp_path: Path) -> None:
    # 300 tokens to come are $0.003, and half of it in a batch.
    price = {"input": 0, "output": 10}
    with BatchServer() as server:
        for batch, fits in ((0.5, 4), (1, 2)):
            folder = tmp_path / str(fits)
            folder.mkdir()
            teacher = {"price": {**price, "batch": batch}}
            ctx = context(folder, server.base_url, teacher=teacher, budget={"usd": 0.006})
            with pytest.raises(BudgetError, match=r"budget of \$0\.006"):
                submit(ctx)
            assert len(asked(server, list(server.batches)[-1])) == fits


def test_a_stored_request_is_the_one_that_was_asked() -> None:
    request = Request((user("é\ud800"),), 5, 0.7, 0.9, ("北", "\n"), 3, 2, "raw")
    keyer = Keyer({"endpoint": "é"})
    key, text = keyer(request)
    assert keyer(stored_request(text))[0] == key
