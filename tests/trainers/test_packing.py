"""Packs: every row once, whole, well filled; and rows in one line that never see each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.recipe import Train
from limbeck.trainers import attention, products
from limbeck.trainers.batch import Batch, collate, lined_up
from limbeck.trainers.example import Example
from limbeck.trainers.loop import fit
from limbeck.trainers.objectives.sft import Sft
from limbeck.trainers.packing import packed
from tests.trainers.families import FAMILIES, make

Sizes = Sequence[tuple[int, ...]]
LENGTH = st.integers(1, 400)
SIZES: st.SearchStrategy[Sizes] = st.one_of(
    st.lists(st.tuples(LENGTH), max_size=200), st.lists(st.tuples(LENGTH, LENGTH), max_size=200)
)


@given(SIZES, st.integers(16, 2000), st.integers(0, 5), st.integers(0, 3))
def test_every_row_is_in_one_pack_and_in_whole(
    sizes: Sizes, budget: int, seed: int, epoch: int
) -> None:
    packs = packed(sizes, budget=budget, seed=seed, epoch=epoch)
    assert sorted(row for pack in packs for row in pack) == list(range(len(sizes)))
    for pack in packs:
        assert len(pack) == 1 or sum(sum(sizes[row]) for row in pack) <= budget
    assert packs == packed(sizes, budget=budget, seed=seed, epoch=epoch)


def test_packs_are_nearly_full_mixed_and_of_another_order_every_epoch() -> None:
    sizes = [(20 + (37 * row) % 200,) for row in range(1000)]
    packs = packed(sizes, budget=2048, seed=0, epoch=0)
    total = sum(map(sum, sizes))
    assert len(packs) <= 1.02 * total / 2048 + 1
    spread = [
        max(sizes[row] for row in pack)[0] - min(sizes[row] for row in pack)[0] for pack in packs
    ]
    assert sum(spread) / len(spread) > 60  # short and long rows together
    assert packs != packed(sizes, budget=2048, seed=0, epoch=1)
    assert packs != packed(sizes, budget=2048, seed=1, epoch=0)


ROWS = [
    Example(
        tuple(4 + (start + 5 * k) % 90 for k in range(size)), (False,) * 2 + (True,) * (size - 2)
    )
    for start, size in ((3, 9), (11, 5), (40, 17), (8, 9), (70, 30))
]  # fmt: skip


def result(model: Any, batches: list[Batch]) -> tuple[float, dict[str, torch.Tensor]]:
    model.zero_grad(set_to_none=True)
    total = 0.0
    for batch in batches:
        loss = Sft().loss(model, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    gradients = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    model.zero_grad(set_to_none=True)
    return total, gradients


def assert_same(model: Any) -> None:
    expected, wanted = result(model, [collate([row], 0) for row in ROWS])
    with attention.own(model):
        for batches in (
            [lined_up(ROWS)],
            [lined_up(ROWS[:2]), lined_up(ROWS[2:])],
            [collate(ROWS, 0)],
        ):
            loss, gradients = result(model, batches)
            assert loss == pytest.approx(expected, rel=1e-5)
            for name, gradient in wanted.items():
                scale = float(gradient.abs().max())
                torch.testing.assert_close(
                    gradients[name], gradient, rtol=1e-3, atol=2e-5 * max(scale, 1e-2)
                )
        assert attention.keeps_apart(model, vocabulary=90)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", ["sdpa", "eager"])
def test_packed_rows_cost_and_teach_what_they_do_alone(family: str, kind: str) -> None:
    model = make(family).model
    model.set_attn_implementation(kind)
    assert attention.plain(model) == (kind == "sdpa")
    assert_same(model)
    assert model.config._attn_implementation == kind


SMALL: dict[str, Any] = {
    "vocab_size": 96, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "pad_token_id": 0, "bos_token_id": None,
    "eos_token_id": 1, "initializer_range": 0.3, "max_position_embeddings": 64,
}  # fmt: skip
WINDOWS = {
    "mistral": lambda: transformers.MistralForCausalLM(
        transformers.MistralConfig(**SMALL, sliding_window=6)
    ),
    "gemma2": lambda: transformers.Gemma2ForCausalLM(
        transformers.Gemma2Config(**SMALL, head_dim=8, sliding_window=6)
    ),
}


@pytest.mark.parametrize("kind", sorted(WINDOWS))
def test_rows_of_a_model_with_windows_are_kept_apart_by_transformers_own_masks(kind: str) -> None:
    torch.manual_seed(0)
    model = WINDOWS[kind]().eval()
    assert not attention.plain(model)
    assert_same(model)


def test_a_row_longer_than_the_scores_may_fill_is_the_same_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(products, "LONG", 16)
    products._above.cache_clear()
    try:
        assert_same(make("llama").model)
    finally:
        products._above.cache_clear()


class Blind(transformers.LlamaForCausalLM):  # type: ignore[misc]
    """Passes on neither positions nor where rows begin."""

    @property
    def base_model(self) -> Any:
        return lambda input_ids, use_cache, **_: self.model(input_ids=input_ids)


def test_a_model_that_does_not_keep_rows_apart_is_found_out() -> None:
    torch.manual_seed(0)
    model = Blind(transformers.LlamaConfig(**SMALL)).eval()
    with attention.own(model):
        assert not attention.keeps_apart(model, vocabulary=90)
    rows = [(row,) for row in ROWS]
    settings = Train(epochs=1, packing=True)
    with pytest.raises(UserError, match="a Blind does not keep packed rows apart; set"):
        fit(model, Sft(), rows, [], settings=settings, seed=0, pad_id=0)
    fit(model, Sft(), rows, [], settings=Train(epochs=1), seed=0, pad_id=0)


def test_a_line_of_rows_has_their_places_and_no_padding() -> None:
    rows = [Example((5, 6, 7), (True, False, True)), Example((8, 9), (True, True))]
    batch = lined_up(rows)
    assert batch.ids.tolist() == [[8, 9, 5, 6, 7]]
    assert batch.mask.all()
    assert batch.positions is not None
    assert batch.positions.tolist() == [[0, 1, 0, 1, 2]]
    assert batch.starts is not None
    assert batch.starts.tolist() == [0, 2, 5]
    assert (batch.longest, batch.loss_tokens, batch.tokens) == (3, 4, 5)
    assert batch.at.tolist() == [1, 4]  # a row's first token is predicted by nothing
    assert batch.targets.tolist() == [9, 7]
    assert Batch(batch.ids, batch.mask, batch.loss, starts=batch.starts).at.tolist() == [1, 4]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("family", FAMILIES)
def test_the_kernel_for_variable_lengths_is_as_near_as_bfloat16_is(family: str) -> None:
    model = make(family).model.cuda()
    device = next(model.parameters()).device
    _, wanted = result(model, [collate([row], 0).to(device) for row in ROWS])
    with attention.own(model), torch.autocast("cuda", dtype=torch.bfloat16):
        loss, gradients = result(model, [lined_up(ROWS).to(device)])
        alone, _ = result(model, [lined_up([row]).to(device) for row in ROWS])
    assert loss == pytest.approx(alone, rel=5e-3)
    for name, gradient in wanted.items():
        assert (gradients[name] - gradient).norm() < 0.1 * gradient.norm(), name
