"""Log-probabilities of single tokens: the same in chunks as in one piece, gradients included."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from limbeck.trainers.batch import collate, lined_up
from limbeck.trainers.head import loss_logits, row_means, token_logprobs
from tests.trainers.families import FAMILIES, make
from tests.trainers.test_head import MODELS
from tests.trainers.test_packing import ROWS


def result(model: Any, of: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor | None]]:
    model.zero_grad(set_to_none=True)
    found = of()
    (found * torch.linspace(-1, 2, len(found))).sum().backward()
    return found.detach(), {name: w.grad for name, w in model.named_parameters()}


@pytest.mark.parametrize("kind", sorted(MODELS))
@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_chunks_are_one_piece(kind: str, chunk: int) -> None:
    """Each token with a gradient of its own."""
    model = MODELS[kind]()
    batch = collate(ROWS, 0)

    def plain() -> torch.Tensor:
        logits, targets = loss_logits(model, batch)
        return logits.log_softmax(-1)[torch.arange(len(targets)), targets]

    expected, slopes = result(model, plain)
    found, theirs = result(model, lambda: token_logprobs(model, batch, chunk=chunk))
    assert torch.allclose(found, expected, atol=1e-5)
    for name, slope in slopes.items():
        other = theirs[name]
        assert (slope is None) == (other is None), name
        if slope is not None and other is not None:
            assert torch.allclose(other, slope, atol=1e-4), name
    with torch.no_grad():
        assert torch.allclose(token_logprobs(model, batch, chunk=chunk), expected, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sum_over_rows_is_that_of_each_row_alone(family: str) -> None:
    model = make(family).model
    with torch.no_grad():
        alone = [token_logprobs(model, collate([row], 0)).sum() for row in ROWS]
        batch = collate(ROWS, 0)
        sums = batch.sums(token_logprobs(model, batch))
        counts = torch.tensor([sum(row.loss[1:]) for row in ROWS])
        means = row_means(model, batch)
    assert torch.allclose(sums, torch.stack(alone), rtol=1e-4, atol=1e-4)
    assert float(means) == pytest.approx(float((-sums / counts.clamp(min=1)).sum()), rel=1e-4)


def test_in_half_precision_they_are_float32() -> None:
    model = MODELS["plain"]()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        found = token_logprobs(model, lined_up(ROWS))
    assert found.dtype == torch.float32
