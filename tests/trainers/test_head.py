"""The head in chunks against the head in one piece, gradients included."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from limbeck.hf import Loaded
from limbeck.trainers.batch import Batch, collate, lined_up
from limbeck.trainers.head import cross_entropy, loss_logits, summed
from tests.tiny import make_model, make_tokenizer
from tests.trainers.test_packing import ROWS

COUNT = sum(row.loss_tokens for row in ROWS)  # 60


def tied() -> Any:
    model = make_model(make_tokenizer())
    model.lm_head.weight = model.model.embed_tokens.weight
    return model


def biased() -> Any:
    model = make_model(make_tokenizer())
    model.lm_head.bias = nn.Parameter(torch.randn(model.config.vocab_size))
    return model


def wrapped() -> Any:
    """A head that is no plain Linear, as LoRA makes it, and whose own matrix is frozen."""
    model = make_model(make_tokenizer())

    class Adapted(nn.Module):
        def __init__(self, base: nn.Linear) -> None:
            super().__init__()
            self.base = base.requires_grad_(False)
            self.down = nn.Linear(base.in_features, 2, bias=False)
            self.up = nn.Linear(2, base.out_features, bias=False)

        def forward(self, states: torch.Tensor) -> torch.Tensor:
            return torch.as_tensor(self.base(states) + self.up(self.down(states)))

    model.lm_head = Adapted(model.lm_head)
    return model


def frozen() -> Any:
    model = make_model(make_tokenizer())
    model.lm_head.weight.requires_grad_(False)
    return model


MODELS = {"plain": lambda: make_model(make_tokenizer()), "tied": tied, "biased": biased,
          "wrapped": wrapped, "frozen": frozen}  # fmt: skip


def gradients(model: Any, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    model.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    return {n: w.grad.clone() for n, w in model.named_parameters() if w.grad is not None}


def whole(model: Any, batch: Batch) -> torch.Tensor:
    logits, targets = loss_logits(model, batch)
    return F.cross_entropy(logits.float(), targets, reduction="sum")


@pytest.mark.parametrize("kind", sorted(MODELS))
@pytest.mark.parametrize("chunk", [1, 7, COUNT, 1000, None])
def test_chunks_cost_and_teach_what_the_whole_does(kind: str, chunk: int | None) -> None:
    torch.manual_seed(0)
    model, batch = MODELS[kind](), collate(ROWS, 2)
    expected = whole(model, batch)
    wanted = gradients(model, expected / 3)
    found = cross_entropy(model, batch, chunk=chunk)
    got = gradients(model, found / 3)
    assert float(found.detach()) == pytest.approx(float(expected.detach()), rel=1e-6)
    assert got.keys() == wanted.keys()
    for name, gradient in wanted.items():
        torch.testing.assert_close(got[name], gradient, rtol=1e-4, atol=1e-5)
    with torch.inference_mode():
        again = float(cross_entropy(model, batch, chunk=chunk))
    assert again == pytest.approx(float(expected.detach()), rel=1e-6)


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_chunks_in_bfloat16_are_as_near_as_bfloat16_is(kind: str) -> None:
    torch.manual_seed(0)
    model, batch = MODELS[kind](), collate(ROWS, 2)
    wanted = gradients(model, whole(model, batch))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = cross_entropy(model, batch, chunk=20)
    assert loss.dtype == torch.float32
    for name, gradient in gradients(model, loss).items():
        off = (gradient - wanted[name]).norm() / wanted[name].norm()
        assert gradient.dtype == torch.float32
        assert off < 0.06, name


def test_no_more_logits_exist_at_once_than_a_chunk_has(tiny: Loaded) -> None:
    seen: list[tuple[int, slice]] = []

    def nats(logits: torch.Tensor, part: slice) -> torch.Tensor:
        assert logits.shape == (part.stop - part.start, tiny.model.config.vocab_size)
        seen.append((len(logits), part))
        return logits.float().logsumexp(-1).sum()

    batch = lined_up(ROWS)
    total = summed(tiny.model, batch, nats, chunk=25)
    assert [size for size, _ in seen] == [20, 20, 20]
    assert [(part.start, part.stop) for _, part in seen] == [(0, 20), (20, 40), (40, 60)]
    logits, _ = loss_logits(tiny.model, batch)
    expected = float(logits.logsumexp(-1).sum().detach())
    assert float(total.detach()) == pytest.approx(expected, rel=1e-5)


def test_any_function_of_the_logits_has_its_own_gradient() -> None:
    """As soft targets have: here the KL divergence from a fixed distribution."""
    model, batch = make_model(make_tokenizer()), lined_up(ROWS)
    logits, _ = loss_logits(model, batch)
    torch.manual_seed(1)
    teacher = torch.randn_like(logits).log_softmax(-1)

    def nats(logits: torch.Tensor, part: slice) -> torch.Tensor:
        student = logits.float().log_softmax(-1)
        return F.kl_div(student, teacher[part], reduction="sum", log_target=True)

    wanted = gradients(model, nats(logits, slice(0, len(logits))))
    got = gradients(model, summed(model, batch, nats, chunk=11))
    for name, gradient in wanted.items():
        torch.testing.assert_close(got[name], gradient, rtol=1e-4, atol=1e-5)
