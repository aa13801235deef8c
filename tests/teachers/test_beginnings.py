"""Every row in one batch, within its limits, after a beginning that it really has."""

from __future__ import annotations

import math
import random
from itertools import groupby, pairwise, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.teachers.beginnings import Batch, Row, Tokens, containing, plan

LARGE = 10**6

token = st.integers(0, 2)
heads = st.lists(st.lists(token, max_size=30).map(tuple), min_size=1, max_size=3)


@st.composite
def many_rows(draw: st.DrawFn) -> list[Row]:
    """Rows that often begin alike, and of which some are twice there."""
    starts = draw(heads)
    tail = st.lists(token, max_size=4).map(tuple)
    prefix = st.builds(lambda head, end: (*head, *end), st.sampled_from(starts), tail)
    inputs = st.lists(token, min_size=1, max_size=4).map(tuple)
    return draw(st.lists(st.builds(Row, prefix, inputs), max_size=30))


def planned(rows: list[Row], cost: float = 5, limit: int = LARGE) -> list[Batch]:
    return list(plan(rows, budget=limit, cache_budget=limit, cost=cost))


def shared(batches: list[Batch]) -> dict[Tokens, int]:
    """The length of the beginning of each prefix."""
    return {row.prefix: len(batch.beginning) for batch in batches for row in batch.rows}


@given(many_rows())
def test_a_row_is_contained_in_one_that_begins_with_it(rows: list[Row]) -> None:
    found = containing(rows)
    assert set(found) == set(rows)
    for row, other in found.items():
        assert row.prefix == other.prefix
        assert other.inputs[: len(row.inputs)] == row.inputs
        assert found[other] == other
    kept = {(row.prefix, row.inputs) for row in found.values()}
    for prefix, inputs in kept:  # none of them is in another
        longer = [more for same, more in kept if same == prefix and len(more) > len(inputs)]
        assert not any(more[: len(inputs)] == inputs for more in longer)


@given(many_rows(), st.integers(1, 200), st.integers(1, 200), st.sampled_from([0, 5, 40, math.inf]))
def test_every_row_is_in_one_batch_within_both_budgets(
    rows: list[Row], budget: int, cache_budget: int, cost: float
) -> None:
    distinct = list(dict.fromkeys(rows))
    batches = list(plan(distinct, budget=budget, cache_budget=cache_budget, cost=cost))
    found = [row for batch in batches for row in batch.rows]
    assert len(found) == len(distinct)
    assert set(found) == set(distinct)
    for batch in batches:
        begun, size = len(batch.beginning), len(batch.rows)
        assert all(row.prefix[:begun] == batch.beginning for row in batch.rows)
        longest = max(len(row.prefix) for row in batch.rows) - begun
        width = longest + max(len(row.inputs) for row in batch.rows)
        assert size == 1 or size * width <= budget
        assert size == 1 or size * (begun + width) <= cache_budget
        runs = [prefix for prefix, _ in groupby(batch.rows, key=lambda row: row.prefix)]
        assert len(runs) == len(set(runs))
    beginnings = [beginning for beginning, _ in groupby(batch.beginning for batch in batches)]
    assert len(beginnings) == len(set(beginnings))  # each is computed once
    if cost == math.inf:
        assert beginnings in ([], [()])


@given(many_rows(), st.randoms(use_true_random=False))
def test_the_plan_does_not_depend_on_the_order(rows: list[Row], choice: random.Random) -> None:
    distinct = list(dict.fromkeys(rows))
    mixed = choice.sample(distinct, len(distinct))
    assert planned(mixed, limit=150) == planned(distinct, limit=150)


def common(run: list[Tokens]) -> int:
    columns = takewhile(lambda column: len(set(column)) == 1, zip(*run, strict=False))
    return len(list(columns))


def best_saving(prefixes: list[Tokens], cost: int) -> int:
    """The most that any cut of the sorted prefixes into runs saves, by trying them all."""
    best = 0
    for cuts in range(2 ** max(len(prefixes) - 1, 0)):
        ends = [at + 1 for at in range(len(prefixes) - 1) if cuts >> at & 1]
        runs = [prefixes[a:b] for a, b in pairwise([0, *ends, len(prefixes)])]
        saved = [(len(run) - 1) * common(run) - cost for run in runs]
        best = max(best, sum(one for one in saved if one > 0))
    return best


@given(st.lists(st.lists(token, max_size=8).map(tuple), max_size=8, unique=True))
def test_the_most_tokens_are_saved(prefixes: list[Tokens]) -> None:
    batches = planned([Row(prefix, (1,)) for prefix in prefixes], cost=3)
    found = sum(
        (len(batch.rows) - 1) * len(batch.beginning) - 3 for batch in batches if batch.beginning
    )
    # Runs of one beginning are joined, which can only save more.
    assert found >= best_saving(sorted(prefixes), 3)


def test_nested_beginnings_are_each_found() -> None:
    demos = [tuple(range(100 * n, 100 * n + 60)) for n in range(4)]
    one, two, four = (sum(demos[:k], ()) for k in (1, 2, 4))
    prefixes = [(*head, 1000 + query) for query in range(9) for head in (one, two, four)]
    batches = planned([Row(prefix, (5,)) for prefix in prefixes], cost=128)
    assert [(len(batch.beginning), len(batch.rows)) for batch in batches] == [
        (240, 9),
        (120, 9),
        (60, 9),
    ]
    assert [batch.beginning for batch in batches] == [four, two, one]


def test_a_beginning_must_save_more_than_it_costs() -> None:
    rows = [Row((*range(65), query), (5,)) for query in (100, 101, 102)]
    assert shared(planned(rows, cost=130)) == dict.fromkeys((row.prefix for row in rows), 0)
    assert shared(planned(rows, cost=129)) == dict.fromkeys((row.prefix for row in rows), 65)


def test_what_has_nothing_to_share_is_left_alone() -> None:
    rows = [Row((7 + n, *range(50)), (5,)) for n in range(4)]
    assert planned(rows) == [Batch((), rows)]


def test_a_context_with_too_many_continuations_is_a_beginning() -> None:
    prefix = tuple(range(90))
    rows = [Row(prefix, (n, 1)) for n in range(40)]
    batches = list(plan(rows, budget=400, cache_budget=1000, cost=128))
    assert {batch.beginning for batch in batches} == {prefix}
    assert [len(batch.rows) for batch in batches] == [10, 10, 10, 10]  # 92 tokens each, of 1000
    whole = list(plan(rows, budget=LARGE, cache_budget=LARGE, cost=128))
    assert [batch.beginning for batch in whole] == [()]  # one batch computes it once as it is


def test_a_large_group_has_one_beginning() -> None:
    rows = [Row((*range(30), 40 + n), (n,)) for n in range(1000)]
    batches = planned(rows, cost=128)
    assert [(batch.beginning, len(batch.rows)) for batch in batches] == [(tuple(range(30)), 1000)]


def test_rows_of_about_one_length_are_together() -> None:
    rows = [Row((*range(100), *[200] * (1 + n % 2 * 50), n), (1,)) for n in range(20)]
    batches = list(plan(rows, budget=540, cache_budget=LARGE, cost=128))
    lengths = [[len(row.prefix) for row in batch.rows] for batch in batches]
    assert lengths == [[102] * 10, [152] * 10]


@pytest.mark.parametrize("budget", [0, -1, 1])
def test_a_budget_too_small_for_one_row_lets_one_pass(budget: int) -> None:
    rows = [Row((1, 2, 3), (n,)) for n in range(3)]
    batches = list(plan(rows, budget=budget, cache_budget=budget))
    assert [batch.rows for batch in batches] == [[row] for row in rows]
