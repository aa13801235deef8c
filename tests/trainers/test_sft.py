"""The sft loss against a naive computation over all logits."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers

from limbeck.hf import Loaded
from limbeck.record import Provenance, Record, user
from limbeck.trainers.batch import Batch, collate
from limbeck.trainers.example import Example
from limbeck.trainers.objectives.sft import Sft, loss_logits

EXAMPLES = [
    Example((5, 6, 7, 8, 9, 10), (False, False, True, True, True, True)),
    Example((11, 12, 13), (False, True, True)),
    Example((14, 15, 16, 17), (False, False, False, True)),
]


@torch.no_grad()
def naive(model: Any, examples: list[Example]) -> float:
    """One example at a time, every logit, float64 log-softmax."""
    total = 0.0
    for example in examples:
        logits = model(torch.tensor([example.ids])).logits[0].double()
        logs = logits.log_softmax(-1)
        for place in range(1, len(example.ids)):
            if example.loss[place]:
                total -= float(logs[place - 1, example.ids[place]])
    return total


def test_the_loss_is_the_sum_over_the_tokens_of_the_completion(tiny: Loaded) -> None:
    with torch.no_grad():
        loss = float(Sft().loss(tiny.model, collate(EXAMPLES, pad_id=2)))
    assert loss == pytest.approx(naive(tiny.model, EXAMPLES), rel=1e-5)


@pytest.mark.parametrize("pad_id", [0, 2, 77])
def test_padding_changes_nothing(tiny: Loaded, pad_id: int) -> None:
    with torch.no_grad():
        plain = float(Sft().loss(tiny.model, collate(EXAMPLES[:1], pad_id=pad_id)))
        batch = collate([*EXAMPLES[:1], Example(tuple(range(3, 43)), (False,) * 40)], pad_id)
        assert batch.ids.shape == (2, 40)
        padded = float(Sft().loss(tiny.model, batch))
    assert padded == pytest.approx(plain, rel=1e-5)


def test_logits_are_computed_where_the_loss_is_and_nowhere_else(tiny: Loaded) -> None:
    batch = collate(EXAMPLES, pad_id=2)
    logits, targets = loss_logits(tiny.model, batch)
    assert logits.shape == (7, tiny.model.config.vocab_size)
    assert targets.tolist() == [7, 8, 9, 10, 12, 13, 17]


def test_the_first_token_is_predicted_by_nothing_and_costs_nothing(tiny: Loaded) -> None:
    with torch.no_grad():
        masked = float(Sft().loss(tiny.model, collate([Example((5, 6), (False, True))], 2)))
        whole = float(Sft().loss(tiny.model, collate([Example((5, 6), (True, True))], 2)))
    assert whole == masked


def test_gradients_reach_every_weight_that_naive_ones_reach(tiny: Loaded) -> None:
    batch = collate(EXAMPLES, pad_id=2)
    tiny.model.zero_grad()
    Sft().loss(tiny.model, batch).backward()  # type: ignore[no-untyped-call]
    ours = {name: weight.grad.clone() for name, weight in tiny.model.named_parameters()}
    tiny.model.zero_grad()
    labels = batch.ids.masked_fill(~batch.loss, -100)
    out = tiny.model(input_ids=batch.ids, attention_mask=batch.mask, labels=labels)
    (out.loss * 7).backward()
    for name, weight in tiny.model.named_parameters():
        torch.testing.assert_close(ours[name], weight.grad, rtol=1e-4, atol=1e-5)
    tiny.model.zero_grad(set_to_none=True)


def sizes(**more: Any) -> dict[str, Any]:
    return {
        "vocab_size": 64,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "pad_token_id": 0,
        "bos_token_id": None,
        "eos_token_id": 1,
        "initializer_range": 0.3,
    } | more


BENT = {
    "gemma2": lambda: transformers.Gemma2ForCausalLM(
        transformers.Gemma2Config(**sizes(head_dim=8, final_logit_softcapping=2.0))
    ),
    "cohere": lambda: transformers.CohereForCausalLM(
        transformers.CohereConfig(**sizes(logit_scale=0.25))
    ),
    "granite": lambda: transformers.GraniteForCausalLM(
        transformers.GraniteConfig(**sizes(logits_scaling=3.0))
    ),
    "gpt2": lambda: transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=64, n_embd=32, n_layer=2, n_head=4, initializer_range=0.3
        )
    ),
}


@pytest.mark.parametrize("kind", sorted(BENT))
def test_models_that_bend_their_logits_get_their_own_loss(kind: str) -> None:
    torch.manual_seed(0)
    model = BENT[kind]().eval()
    with torch.no_grad():
        loss = float(Sft().loss(model, collate(EXAMPLES, pad_id=0)))
    assert loss == pytest.approx(naive(model, EXAMPLES), rel=1e-4)


def test_an_example_is_the_record_with_its_mask(tiny: Loaded) -> None:
    row = Record((user("Hi"),), "Hello", Provenance("test"))
    [example] = Sft().examples(tiny.tokenizer, row, tiny.eos_ids)
    ids = [token for token, loss in zip(example.ids, example.loss, strict=True) if loss]
    assert tiny.tokenizer.decode(ids) == "Hello<|im_end|>"


def test_a_batch_without_loss_costs_nothing(tiny: Loaded) -> None:
    batch = Batch(torch.tensor([[5, 6]]), torch.ones(1, 2).long(), torch.zeros(1, 2).bool())
    loss = Sft().loss(tiny.model, batch)
    assert float(loss.detach()) == 0.0
    loss.backward()  # type: ignore[no-untyped-call]
