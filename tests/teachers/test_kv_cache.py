"""The batch's cache against plain lists of what each row has seen."""

from __future__ import annotations

import random

import pytest
import torch
from transformers import DynamicCache

from limbeck.teachers.kv_cache import ROOM, BatchCache

HEADS, SIZE, LAYERS = 2, 3, 2


def state(number: float) -> torch.Tensor:
    """What layer 0 keeps of one token: (heads, D), all of it `number`."""
    return torch.full((HEADS, SIZE), float(number))


def computed(rows: list[list[int]]) -> DynamicCache:
    """A prefill of the rows, padded on the left with what must never be seen."""
    width = max(len(row) for row in rows)
    keys = torch.full((len(rows), HEADS, width, SIZE), 999.0)
    for place, row in enumerate(rows):
        for column, number in enumerate(row, start=width - len(row)):
            keys[place, :, column] = state(number)
    cache = DynamicCache()
    for layer in range(LAYERS):
        cache.update(keys + layer, -keys - layer, layer)
    return cache


def step(cache: BatchCache, rows: list[list[int]], numbers: list[int]) -> None:
    """Write one token into every row as a model would, and compare all that attention sees."""
    mask, positions = cache.step()
    assert positions.squeeze(-1).tolist() == [len(row) for row in rows]
    for row, number in zip(rows, numbers, strict=True):
        row.append(number)
    new = torch.stack([state(number) for number in numbers])[:, :, None]
    assert cache.get_seq_length() + 1 == mask.shape[1]
    for layer in range(LAYERS):
        keys, values = cache.update(new + layer, -new - layer, layer)
        assert keys.shape[2] == mask.shape[1] == max(len(row) for row in rows)
        assert torch.isfinite(keys).all()
        for place, row in enumerate(rows):
            seen = mask[place].bool()
            assert keys[place, 0, seen, 0].tolist() == [number + layer for number in row]
            assert values[place, 1, seen, 2].tolist() == [-number - layer for number in row]
    cache.grown()


@pytest.mark.parametrize("seed", range(3))
def test_every_row_sees_its_own_tokens_whoever_joins_and_leaves(seed: int) -> None:
    choice = random.Random(seed)
    cache, rows = BatchCache(), list[list[int]]()
    number = 0
    for _ in range(60):
        if len(rows) < 6 and choice.random() < 0.4:
            prompts = [[choice.randrange(500)] * choice.randint(1, 40) for _ in range(2)]
            sources = [0, 1, 0][: choice.randint(1, 3)]
            cache.join(computed(prompts), sources, [len(prompts[i]) for i in sources])
            rows += [list(prompts[i]) for i in sources]
        if rows:
            numbers = list(range(number, number + len(rows)))
            number += len(rows)
            step(cache, rows, numbers)
        if rows and choice.random() < 0.4:
            places = choice.sample(range(len(rows)), choice.randint(1, len(rows)))
            order = cache.leave(places)
            assert sorted(order) == [i for i in range(len(rows)) if i not in places]
            rows = [rows[old] for old in order]
    assert number > 60


def test_room_is_made_when_it_is_used_up() -> None:
    cache, rows = BatchCache(), [[1, 2], [3]]
    cache.join(computed(rows), [0, 1], [2, 1])
    for number in range(2 * ROOM + 3):
        step(cache, rows, [number, number + 1])


def test_columns_that_nobody_needs_any_more_are_not_looked_at() -> None:
    cache = BatchCache()
    cache.join(computed([[1] * 30, [2] * 4]), [0, 1], [30, 4])
    assert cache.leave([0]) == [1]
    step(cache, [[2] * 4], [7])
