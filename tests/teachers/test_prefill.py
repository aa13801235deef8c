"""What prompts begin with alike is computed once, and changes nothing of what follows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.hf import Loaded
from limbeck.teachers import prefill as module
from limbeck.teachers.decode import Decoder, Row
from limbeck.teachers.prefill import Prefill, Prompt

CHOICE = random.Random(1)
HEADS = [tuple(CHOICE.randrange(3, 300) for _ in range(90)) for _ in range(3)]


def counted(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The shapes of all inputs that the model is given from now on."""
    shapes: list[tuple[int, int]] = []
    forward = loaded.model.forward

    def watched(*args: Any, **inputs: Any) -> Any:
        shapes.append(tuple(inputs["input_ids"].shape))
        return forward(*args, **inputs)

    monkeypatch.setattr(loaded.model, "forward", watched)
    return shapes


@torch.inference_mode()
def alone(loaded: Loaded, prompt: Prompt) -> torch.Tensor:
    logits: torch.Tensor = loaded.model(torch.tensor([prompt])).logits[0, -1].float()
    return logits


@torch.inference_mode()
def check(loaded: Loaded, prompts: Sequence[Prompt], prefill: Prefill) -> None:
    """Logits, keys and values are those of each prompt alone."""
    seen = []
    for computed in prefill(prompts):
        for row, place in enumerate(computed.places):
            seen.append(place)
            prompt = prompts[place]
            assert torch.allclose(computed.logits[row], alone(loaded, prompt), atol=1e-4)
            expected = transformers.DynamicCache()
            loaded.model(torch.tensor([prompt]), past_key_values=expected, use_cache=True)
            for layer, other in zip(computed.cache.layers, expected.layers, strict=True):
                for found, wanted in ((layer.keys, other.keys), (layer.values, other.values)):
                    last = found[row, :, -len(prompt) :]
                    assert torch.allclose(last, wanted[0], atol=1e-4)
    assert sorted(seen) == list(range(len(prompts)))


def family(head: Prompt, sizes: Sequence[int], seed: int = 0) -> list[Prompt]:
    choice = random.Random(seed)
    return [(*head, *(choice.randrange(3, 300) for _ in range(size))) for size in sizes]


def test_rests_of_every_length_after_shared_beginnings(tiny: Loaded) -> None:
    prompts = family(HEADS[0], [1, 5, 30, 2, 31, 70]) + family(HEADS[1], [4, 4, 50])
    prompts += family((7, 8), [0, 3, 29, 31, 80])
    prefill = Prefill(tiny.model, 2)
    check(tiny, prompts, prefill)
    check(tiny, list(reversed(prompts)), prefill)  # with the beginnings that it holds
    check(tiny, family(HEADS[0][:40], [9, 9], seed=3), prefill)  # a shorter beginning


def test_a_prompt_that_is_the_beginning_of_another(tiny: Loaded) -> None:
    long = family(HEADS[0], [40])[0]
    check(tiny, [long, long[:70], long[:100], long[:33]], Prefill(tiny.model, 2))


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_mixture_comes_out_as_each_alone(tiny: Loaded, data: st.DataObject) -> None:
    prefill = Prefill(tiny.model, 2)
    for seed in range(2):
        cuts = data.draw(
            st.lists(
                st.tuples(st.integers(0, 2), st.integers(1, 90), st.integers(0, 40)),
                min_size=1,
                max_size=6,
            )
        )
        prompts = [family(HEADS[head][:cut], [size], seed)[0] for head, cut, size in cuts]
        check(tiny, [*dict.fromkeys(prompts)], prefill)


def test_a_beginning_is_computed_once_and_kept(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = counted(tiny, monkeypatch)
    prefill = Prefill(tiny.model, 2)
    list(prefill(family(HEADS[0], [6, 6, 6, 6])))
    assert shapes == [(1, 90), (4, 6)]
    list(prefill(family(HEADS[0], [6], seed=4)))  # and one that comes alone uses it
    list(prefill(family(HEADS[0], [8, 7], seed=5)))
    assert shapes[2:] == [(1, 6), (2, 8)]
    list(prefill(family(HEADS[1], [6])))  # nobody shares this one yet
    assert shapes[4:] == [(1, 96)]


def test_only_the_last_beginnings_are_held(tiny: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD", 2)
    shapes = counted(tiny, monkeypatch)
    prefill = Prefill(tiny.model, 2)
    for head in (0, 1, 0, 2, 0, 1):
        list(prefill(family(HEADS[head], [6, 6])))
    beginnings = [place for place, shape in enumerate(shapes) if shape == (1, 90)]
    assert beginnings == [0, 2, 5, 8]  # of 0, 1, 2, and 1 again: 0 was in use


def test_a_longer_beginning_replaces_one_that_is_much_shorter(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = counted(tiny, monkeypatch)
    prefill = Prefill(tiny.model, 2)
    list(prefill(family(HEADS[0][:40], [6, 6])))
    list(prefill(family(HEADS[0], [6, 6])))
    assert shapes == [(1, 40), (2, 6), (1, 90), (2, 6)]


def test_a_pass_has_no_more_tokens_than_it_may(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 64)
    shapes = counted(tiny, monkeypatch)
    list(Prefill(tiny.model, 2)(family(HEADS[0], [16] * 9)))
    assert shapes == [(1, 90), (4, 16), (4, 16), (1, 16)]


def test_a_model_with_a_window_shares_nothing_and_is_right() -> None:
    config = transformers.MistralConfig(
        vocab_size=400,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        sliding_window=8,
        max_position_embeddings=256,
    )
    torch.manual_seed(0)
    model = transformers.MistralForCausalLM(config).eval()
    rows = [Row(list(prompt), max_tokens=6) for prompt in family(HEADS[0], [3, 9, 9])]
    waiting = list(rows)

    def pull(room: int) -> list[Row]:
        taken, waiting[:] = waiting[:room], waiting[room:]
        return taken

    Decoder(model, eos_ids=[], pad_id=2, size=3).run(pull, lambda row: None)
    for row in rows:
        ids = list(row.prompt)
        with torch.inference_mode():
            for _ in range(6):
                ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
        assert row.tokens == ids[len(row.prompt) :]
