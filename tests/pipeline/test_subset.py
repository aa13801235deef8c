"""Nested subsets: a smaller one is part of a larger one, whatever else is there."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.pipeline.subset import first_rows
from limbeck.record import Provenance, Record, user


def rows(*sizes: int) -> list[Record]:
    return [
        Record((user(f"ما هو {prompt}؟ 🙂"),), f"{path}", Provenance("t", index=path))
        for prompt, size in enumerate(sizes)
        for path in range(size)
    ]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=12), st.data(), st.integers(0, 99))
def test_subsets_are_nested_keep_their_order_and_part_one_prompt_at_most(
    sizes: list[int], data: st.DataObject, seed: int
) -> None:
    whole = rows(*sizes)
    few = data.draw(st.integers(1, len(whole)))
    more = data.draw(st.integers(few, len(whole)))
    small, large = first_rows(whole, few, seed), first_rows(whole, more, seed)
    assert (len(small), len(large)) == (few, more)
    assert {r.id for r in small} <= {r.id for r in large}
    places = [whole.index(record) for record in large]
    assert places == sorted(places)
    of = Counter(record.prompt for record in whole)
    parted = [prompt for prompt, n in Counter(r.prompt for r in small).items() if n < of[prompt]]
    assert len(parted) <= 1
    other_way = first_rows(whole[::-1], few, seed)
    assert {r.id for r in other_way} == {r.id for r in small}  # whatever their order was


def test_all_rows_are_all_rows_and_another_seed_takes_others() -> None:
    whole = rows(1, 1, 1, 1, 1, 1, 1, 1)
    assert first_rows(whole, 8, 0) == whole
    assert len({tuple(r.id for r in first_rows(whole, 4, seed)) for seed in range(6)}) > 2


def test_more_rows_than_there_are_is_a_sentence() -> None:
    with pytest.raises(UserError, match="asks for 4 training rows, and there are 3; ask the"):
        first_rows(rows(2, 1), 4, 0)
