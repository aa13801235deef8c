"""Batches that were never written down, turn up late, or are shown no more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from limbeck.ledger import Ledger
from limbeck.pipeline.batch import cancel, collect, status, submit
from limbeck.pipeline.context import Context
from limbeck.teachers.batches import BatchClient
from limbeck.testing import BatchServer
from tests.pipeline.batches import (
    PROMPTS,
    Killed,
    Notebook,
    asked,
    context,
    counts,
    said,
    spoken_texts,
    texts,
)


def killed_at(monkeypatch: pytest.MonkeyPatch, ctx: Context, owner: type, name: str) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killed)
        with pytest.raises(Killed):
            submit(ctx)


@pytest.mark.parametrize("verb", [submit, status, collect, cancel])
def test_a_batch_whose_id_was_never_written_down_is_adopted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: Callable[[Context], Any]
) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        killed_at(monkeypatch, ctx, Ledger, "name_batch")
        [name] = server.batches
        with Ledger(ctx.ledger) as ledger:
            assert len(ledger.live_keys(ctx.run.id)) == 6
        verb(ctx)
        assert f"batch {name} was made by an interrupted submit; it is adopted" in said(ctx)
        assert list(server.batches) == [name]
        server.finish(name, status="cancelled" if verb is cancel else "completed")
        assert collect(ctx).batches[name].answered == 6
        assert texts(ctx) == spoken_texts(PROMPTS)
        assert server.bodies == []


def test_a_batch_that_was_never_made_is_submitted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        killed_at(monkeypatch, ctx, BatchClient, "create")
        killed_at(monkeypatch, ctx, Ledger, "add_batch")
        assert (len(server.files), len(server.batches)) == (2, 0)
        [name] = submit(ctx).batches
        assert len(asked(server, name)) == 6
        assert [one.batch.id for one in status(ctx)] == [name]
        assert list(ctx.run.path.glob(".*.part")) == []


def test_a_batch_that_turns_up_late_is_adopted_even_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        killed_at(monkeypatch, ctx, Ledger, "name_batch")
        [(name, row)] = server.batches.items()
        server.batches.clear()
        assert status(ctx) == []
        server.batches[name] = row
        assert [one.batch.id for one in status(ctx)] == [name]
        server.finish(name)
        assert collect(ctx).batches[name].answered == 6


def test_a_batch_that_was_made_twice_all_the_same_is_paid_once_too_often_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        killed_at(monkeypatch, ctx, Ledger, "name_batch")
        [(name, row)] = server.batches.items()
        server.batches["twin"] = row | {"id": "twin"}
        assert sorted(one.batch.id for one in status(ctx)) == [name, "twin"]
        server.finish(name)
        assert collect(ctx).under_way == ["twin"]
        server.finish("twin")
        assert collect(ctx).batches["twin"].repeated == 6
        assert counts(ctx) == (6, 0)


def test_a_batch_is_found_again_by_another_ledger(tmp_path: Path) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        [name] = submit(ctx).batches
        other = Context(ctx.run, Notebook(), tmp_path / "other.sqlite")
        assert submit(other).plan.in_batches == 6
        server.finish(name)
        assert collect(other).batches[name].answered == 6
        assert counts(other) == (6, 0)
        assert list(server.batches) == [name]
        assert f"batch {name} is unknown to this ledger; it is adopted with 6 of its 6" in said(
            other
        )


def test_a_strange_batch_of_the_run_with_no_request_of_the_recipe_is_left_alone(
    tmp_path: Path,
) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        [name] = submit(ctx).batches
        server.finish(name)
        changed = context(tmp_path, server.base_url, generate={"max_tokens": 299})
        other = Context(changed.run, Notebook(), tmp_path / "other.sqlite")
        assert status(other) == []
        assert "it is left alone" in said(other)
        assert collect(other).missing == 6
        # With its own ledger it is collected even so: the answers are paid, and kept.
        assert collect(changed).batches[name].answered == 6
        assert counts(ctx) == (6, 0)


def test_batches_of_other_runs_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with BatchServer() as server:
        one, two = context(tmp_path, server.base_url), context(tmp_path / "b", server.base_url)
        [a], [b] = submit(one).batches, submit(two).batches
        assert cancel(one) == [a]
        assert server.batches[b]["status"] == "validating"
        assert [known.batch.id for known in status(two)] == [b]


def test_a_batch_that_the_endpoint_does_not_show_is_given_up_by_a_cancel_alone(
    tmp_path: Path,
) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        [name] = submit(ctx).batches
        row = server.batches.pop(name)
        [known] = status(ctx)
        assert (known.remote, known.status) == (None, "validating")
        assert collect(ctx).under_way == [name]
        assert "does not show it" in said(ctx)
        assert submit(ctx).plan.in_batches == 6
        assert cancel(ctx) == [name]
        assert status(ctx) == []
        server.batches[name] = row
        assert [one.status for one in status(ctx)] == ["validating"]
    with BatchServer() as elsewhere:
        elsewhere.batches["other"] = row | {"id": "other", "metadata": None, "input_file_id": "f"}
        moved = context(tmp_path, elsewhere.base_url)
        assert cancel(moved) == []
        assert "the recipe's base_url is another one" in said(moved)
        assert submit(moved).plan.in_batches == 0
