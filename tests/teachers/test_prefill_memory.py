"""What is kept of the prompts that were computed has a bound."""

from __future__ import annotations

import gc
import random

import pytest
import torch

from limbeck.hf import Loaded
from limbeck.teachers import prefill as module
from limbeck.teachers.decode import Decoder, Row
from limbeck.teachers.prefill import Prefill
from tests.teachers.test_prefill import HEADS, counted, family


@pytest.mark.parametrize(("most", "computed"), [(270, 3), (269, 4), (180, 4), (89, 6)])
def test_the_beginnings_held_take_no_more_than_they_may(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch, most: int, computed: int
) -> None:
    monkeypatch.setattr(module, "HELD_BYTES", most * token_bytes(tiny))
    shapes = counted(tiny, monkeypatch)
    prefill = Prefill(tiny.model, 2)
    for head in (0, 1, 0, 2, 0, 1, 1):
        list(prefill(family(HEADS[head], [6, 6])))
    assert shapes.count((1, 90)) == computed  # the last is held even alone


def test_a_long_beginning_takes_the_room_of_short_ones(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HELD_BYTES", 100 * token_bytes(tiny))
    one, other = HEADS[1][:45], HEADS[2][:45]
    prefill = Prefill(tiny.model, 2)
    for head in (HEADS[0], one, other):
        list(prefill(family(head, [6, 6])))
    shapes = counted(tiny, monkeypatch)
    list(prefill(family(one, [6, 6], seed=1) + family(other, [6, 6], seed=1)))
    assert shapes == [(4, 6)]  # both fit
    list(prefill(family(HEADS[0], [6, 6], seed=1)))
    list(prefill(family(other, [6, 6], seed=2)))
    assert shapes[1:] == [(1, 90), (2, 6), (1, 45), (2, 6)]


def test_nothing_but_the_beginnings_held_outlives_many_prompts(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HELD_BYTES", 300 * token_bytes(tiny))
    decoder = Decoder(tiny.model, eos_ids=[], pad_id=2, size=6)
    choice = random.Random(5)
    heads = [tuple(choice.randrange(3, 300) for _ in range(90)) for _ in range(12)]
    prompts = [family(heads[place % 12], [6 + place % 5], seed=place)[0] for place in range(96)]
    waiting = [Row(list(prompt), max_tokens=3) for prompt in prompts for _ in range(3)]

    def pull(room: int) -> list[Row]:
        taken, waiting[:] = waiting[:room], waiting[room:]
        return taken

    token = token_bytes(tiny)
    gc.collect()
    before = alive()
    gc.disable()  # what only it would free counts as well
    try:
        decoder.run(pull, lambda row: None)
        grown = alive() - before
    finally:
        gc.enable()
    assert not waiting
    last = 100 * token + 4 * tiny.model.config.vocab_size  # the last prompt's own, and its logits
    assert 90 * token <= grown <= 300 * token + last + 4096


def token_bytes(tiny: Loaded) -> int:
    """Keys and values of one token, float32."""
    config = tiny.model.config
    size: int = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * 4
    return size


def alive() -> int:
    """Bytes of all tensors; of a view, of all that it is a part of."""
    tensors = [one for one in gc.get_objects() if type(one) is torch.Tensor]
    found = {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in tensors}
    return sum(found.values())
