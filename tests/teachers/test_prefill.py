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
SYSTEM = tuple(CHOICE.randrange(3, 300) for _ in range(40))  # what all families begin with
EXAMPLES = [(*SYSTEM, 300 + number, *head) for number, head in enumerate(HEADS)]  # 131 tokens


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
                st.tuples(st.integers(0, 5), st.integers(1, 131), st.integers(0, 40)),
                min_size=1,
                max_size=6,
            )
        )
        heads = HEADS + EXAMPLES
        prompts = [family(heads[head][:cut], [size], seed)[0] for head, cut, size in cuts]
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
    assert shapes == [(1, 40), (2, 6), (1, 50), (2, 6)]  # it goes on from the shorter one


def test_families_that_come_one_prompt_at_a_time_share_their_own_beginnings(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = counted(tiny, monkeypatch)
    prefill = Prefill(tiny.model, 2)
    for seed in range(4):
        for examples in EXAMPLES[:2]:
            list(prefill(family(examples, [6], seed)))
    assert shapes[:3] == [(1, 137), (1, 40), (1, 97)]  # both begin with the system prompt
    assert shapes[3:7] == [(1, 91), (1, 6)] * 2  # the second of each computes its beginning
    assert shapes[7:] == [(1, 6)] * 4  # later ones use it


def test_families_that_come_one_prompt_at_a_time_come_out_right(tiny: Loaded) -> None:
    prefill = Prefill(tiny.model, 2)
    for seed in range(3):
        for head, examples in enumerate(EXAMPLES):
            left_out = examples[:60] + examples[90:]  # one of the worked examples
            check(tiny, family(left_out if seed == head else examples, [6 + head], seed), prefill)


def test_a_batch_of_families_shares_the_beginning_of_each_not_that_of_all(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = counted(tiny, monkeypatch)
    prefill = Prefill(tiny.model, 2)
    mixed = zip(*(family(examples, [6, 9], seed=1) for examples in EXAMPLES), strict=True)
    list(prefill([prompt for row in mixed for prompt in row]))
    # The later ones go on from the first, where they begin alike; one pass does all the rests.
    assert shapes == [(1, 131), (1, 91), (1, 91), (6, 9)]


def test_what_is_held_of_each_counts_more_than_what_a_batch_shares(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefill = Prefill(tiny.model, 2)
    for examples in EXAMPLES:
        list(prefill(family(examples, [6, 6])))
    shapes = counted(tiny, monkeypatch)
    list(prefill([family(examples, [6], seed=2)[0] for examples in EXAMPLES]))
    assert shapes == [(3, 6)]


def test_one_pass_has_rows_after_several_beginnings(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = [HEADS[0], HEADS[1][:50], EXAMPLES[2]]
    prompts = [text for head in heads for text in family(head, [3, 9, 6], seed=3)]
    check(tiny, prompts, Prefill(tiny.model, 2))
    shapes = counted(tiny, monkeypatch)
    list(Prefill(tiny.model, 2)(prompts))
    assert sorted(shapes) == [(1, 50), (1, 90), (1, 131), (9, 9)]


def test_short_beginnings_are_not_shared(tiny: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = counted(tiny, monkeypatch)
    prefill = Prefill(tiny.model, 2)
    list(prefill([family(HEADS[0][:31], [9], seed)[0] for seed in range(3)]))
    list(prefill(family(HEADS[0][:31], [9], seed=3)))
    assert shapes == [(3, 40), (1, 40)]


def test_beginnings_with_little_in_common_stand_beside_each_other(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (*HEADS[0][:31], *HEADS[1][:19]), (*HEADS[0][:31], *HEADS[2][:19])
    shapes = counted(tiny, monkeypatch)
    prefill = Prefill(tiny.model, 2)
    for head in (one, other, one):
        list(prefill(family(head, [6, 6])))
    assert shapes == [(1, 50), (2, 6), (1, 50), (2, 6), (2, 6)]
    list(Prefill(tiny.model, 2)(family(one, [6, 6]) + family(other, [6, 6])))
    assert shapes[5:] == [(1, 50), (1, 50), (4, 6)]


def test_one_goes_on_from_part_of_what_others_share(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = family((*EXAMPLES[0][:60], 1), [39])  # before the others in order
    shapes = counted(tiny, monkeypatch)
    list(Prefill(tiny.model, 2)(odd + family(EXAMPLES[0], [6, 6])))
    assert shapes == [(1, 131), (2, 6), (1, 40)]


def test_a_beginning_is_not_computed_anew_for_a_few_tokens_more(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefill = Prefill(tiny.model, 2)
    list(prefill(family(HEADS[0][:50], [40, 40])))
    shapes = counted(tiny, monkeypatch)
    list(prefill(family(HEADS[0][:82], [6, 6])))  # 32 more
    assert shapes == [(2, 38)]
    list(prefill(family(HEADS[0][:83], [6, 6], seed=1)))
    assert shapes[1:] == [(1, 33), (2, 6)]


def test_a_longer_beginning_takes_the_place_of_those_it_covers(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HELD", 2)
    prefill = Prefill(tiny.model, 2)
    list(prefill(family(HEADS[1], [6, 6])))
    list(prefill(family((*HEADS[0][:40], 1, 2, 3), [6, 6])))  # three tokens are by chance
    list(prefill(family(HEADS[0], [6, 6])))
    shapes = counted(tiny, monkeypatch)
    list(prefill(family(HEADS[1], [6, 6])))  # still there
    list(prefill(family(HEADS[0][:40], [6, 6], seed=5)))  # a part of the longer one
    assert shapes == [(2, 6), (2, 6)]


def test_prompts_are_known_only_for_a_while(tiny: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEEN", 2)
    shapes = counted(tiny, monkeypatch)
    prefill = Prefill(tiny.model, 2)
    for head in (0, 1, 0, 2, 1, 2, 1):
        list(prefill(family(HEADS[head], [6], seed=len(shapes))))
    # 0 is seen again two prompts later, 1 is not, then 2 and 1 are.
    new, again = [(1, 96)], [(1, 90), (1, 6)]
    assert shapes == new * 2 + again + new * 2 + again * 2


def test_the_same_prompt_again_leaves_one_token(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = counted(tiny, monkeypatch)
    prefill = Prefill(tiny.model, 2)
    for size in (30, 31, 32):  # another one between, for the last is kept as it is
        list(prefill(family(HEADS[0], [6])))
        list(prefill(family(HEADS[1][:20], [size], seed=size)))
    others = [(1, 50), (1, 51), (1, 52)]
    assert [shape for shape in shapes if shape not in others] == [(1, 96), (1, 95), (1, 1), (1, 1)]


@torch.inference_mode()
def test_the_last_prompt_is_not_computed_again_for_the_rest_of_its_paths(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefill = Prefill(tiny.model, 2)
    one, two, three = family(HEADS[0], [6, 9, 9])
    check(tiny, [one, two], prefill)
    shapes = counted(tiny, monkeypatch)
    again = list(prefill([two]))
    assert not shapes
    assert [computed.places for computed in again] == [[0]]
    list(prefill([two, three]))
    assert shapes == [(1, 9)]
    monkeypatch.undo()
    check(tiny, [three], prefill)  # the last is another now
    check(tiny, [one, three], prefill)
    check(tiny, [three, one], prefill)


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
