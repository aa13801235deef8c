"""The terms over texts of in-context learning distillation, against loops over float64 numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from limbeck.trainers.objectives import icl
from tests.trainers.objectives.golden import (
    LOGITS,
    TARGET,
    TEACHER,
    Floats,
    crossed,
    entropy,
    logits_of,
    probabilities,
    slope,
    tensor,
)

INF = math.inf


LM = logits_of(3, 2, 4, 7)
LM_TEACHER = logits_of(4, 2, 4, 7)
TOKENS = [[3, 0, 6, 2], [1, 5, 2, 4]]
MASK = [[0, 1, 1, 0], [1, 1, 1, 0]]
PLACES = [(b, t) for b in range(2) for t in range(4) if MASK[b][t]]


@pytest.mark.parametrize("kind", [torch.bool, torch.long, torch.float32])
def test_hard_lm_by_hand(kind: torch.dtype) -> None:
    mask = torch.tensor(MASK).to(kind)
    expected = -sum(math.log(probabilities(LM[b, t])[TOKENS[b][t]]) for b, t in PLACES) / 5
    found = icl.hard_lm(tensor(LM), torch.tensor(TOKENS), mask)
    assert float(found) == pytest.approx(expected)


def test_hard_lm_shifts_nothing() -> None:
    """Sure of `tokens[:, t]` at `logits[:, t]`, it is right; one place off, it is wrong."""
    tokens = torch.tensor([[1, 2, 3]])
    sure = 50 * torch.nn.functional.one_hot(tokens, 5).float()
    assert float(icl.hard_lm(sure, tokens, torch.ones(1, 3))) == pytest.approx(0, abs=1e-6)
    assert float(icl.hard_lm(sure, tokens.roll(1), torch.ones(1, 3))) == pytest.approx(50)


@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize("divergence", ["ce", "kl"])
def test_soft_lm_by_hand(temperature: float, divergence: str) -> None:
    expected = 0.0
    for b, t in PLACES:
        p = probabilities(LM_TEACHER[b, t], temperature)
        far = crossed(p, probabilities(LM[b, t], temperature))
        expected += temperature**2 * (far - (entropy(p) if divergence == "kl" else 0))
    found = icl.soft_lm(
        tensor(LM), tensor(LM_TEACHER), torch.tensor(MASK),
        temperature=temperature, divergence=divergence,
    )  # fmt: skip
    assert float(found) == pytest.approx(expected / 5, rel=1e-5)


def test_soft_lm_leads_to_the_teacher() -> None:
    """As it was first printed, without its minus, it would lead away."""
    student, teacher = tensor(LM, grad=True), tensor(LM_TEACHER)
    mask = torch.ones(2, 4)
    before = icl.soft_lm(student, teacher, mask)
    with torch.no_grad():
        nearer = student - 0.5 * slope(before, student)
    assert 0 < float(icl.soft_lm(nearer, teacher, mask)) < float(before.detach())
    at = tensor(LM_TEACHER, torch.float64, grad=True)
    loss = icl.soft_lm(at, tensor(LM_TEACHER, torch.float64), mask)
    assert slope(loss, at).abs().max() < 1e-12
    entropies = [entropy(probabilities(LM_TEACHER[b, t])) for b in range(2) for t in range(4)]
    assert float(loss.detach()) == pytest.approx(sum(entropies) / 8)


def test_a_token_that_both_rule_out_counts_nothing() -> None:
    student = tensor([[[1.0, 2.0, -INF]]], grad=True)
    teacher = tensor([[[2.0, 1.0, -INF]]])
    loss = icl.soft_lm(student, teacher, torch.ones(1, 1))
    expected = crossed(probabilities([2, 1]), probabilities([1, 2]))
    assert float(loss.detach()) == pytest.approx(expected)
    assert slope(loss, student).isfinite().all()


@pytest.mark.parametrize("junk", [-INF, INF, math.nan])
def test_what_is_masked_may_be_anything(junk: float) -> None:
    mask = torch.tensor(MASK)
    tokens = torch.tensor(TOKENS).masked_fill(mask == 0, -100)

    def spoilt(values: Floats) -> torch.Tensor:
        return tensor(values).masked_fill((mask == 0)[..., None], junk).requires_grad_()

    for clean, dirty, student in (
        (
            icl.hard_lm(tensor(LM), torch.tensor(TOKENS), mask),
            icl.hard_lm(one := spoilt(LM), tokens, mask),
            one,
        ),
        (
            icl.soft_lm(tensor(LM), tensor(LM_TEACHER), mask),
            icl.soft_lm(one := spoilt(LM), spoilt(LM_TEACHER), mask),
            one,
        ),
    ):
        assert float(dirty.detach()) == pytest.approx(float(clean))
        found = slope(dirty, student)
        assert found.isfinite().all()
        assert (found.abs().sum(-1) > 0).tolist() == (mask == 1).tolist()


def test_where_all_is_masked_the_loss_is_nought_with_a_gradient_of_nought() -> None:
    nothing = torch.zeros(2, 4)
    student = tensor(LM, grad=True)
    logs = tensor(LOGITS, grad=True)
    none = torch.zeros(5, dtype=torch.bool)
    for loss, of in (
        (icl.hard_lm(student, torch.tensor(TOKENS), nothing), student),
        (icl.soft_lm(student, tensor(LM_TEACHER), nothing), student),
        (icl.hard_icl(logs, torch.tensor(TARGET), none), logs),
        (icl.soft_icl(logs, tensor(TEACHER), none, divergence="kl"), logs),
    ):
        assert float(loss.detach()) == 0
        assert torch.equal(slope(loss, of), torch.zeros_like(of))


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(kind: torch.dtype) -> None:
    """Against float64 of the same rounded numbers: nothing more is lost."""
    mask, tokens = torch.tensor(MASK), torch.tensor(TOKENS)
    one, other = tensor(LM, kind), tensor(LM_TEACHER, kind)
    logs, probs = tensor(LOGITS, kind).log_softmax(-1), tensor(TEACHER, kind)
    for found, exact in (
        (icl.hard_lm(one, tokens, mask), icl.hard_lm(one.double(), tokens, mask)),
        (icl.soft_lm(one, other, mask), icl.soft_lm(one.double(), other.double(), mask)),
        (icl.soft_icl(logs, probs), icl.soft_icl(logs.double(), probs.double())),
        (
            icl.hard_icl(logs, torch.tensor(TARGET)),
            icl.hard_icl(logs.double(), torch.tensor(TARGET)),
        ),
        (icl.label_logprobs(logs).sum(), icl.label_logprobs(logs.double()).sum()),
    ):
        assert found.dtype == torch.float32
        assert exact.dtype == torch.float64
        assert float(found) == pytest.approx(float(exact), rel=1e-5)


def test_gradients_agree_with_differences() -> None:
    student = tensor(LM, torch.float64, grad=True)
    teacher, mask = tensor(LM_TEACHER, torch.float64), torch.tensor(MASK)
    sums, probs = tensor(LOGITS, torch.float64, grad=True), tensor(TEACHER, torch.float64)
    lengths = torch.tensor([[1, 2, 3, 4]] * 5)

    def labels(x: torch.Tensor) -> torch.Tensor:
        logs = icl.label_logprobs(x, lengths)
        soft = icl.soft_icl(logs, probs, temperature=1.5)
        return soft + icl.hard_icl(logs, torch.tensor(TARGET))

    def text(x: torch.Tensor) -> torch.Tensor:
        soft = icl.soft_lm(x, teacher, mask, temperature=0.7, divergence="kl")
        return soft + icl.hard_lm(x, torch.tensor(TOKENS), mask)

    assert torch.autograd.gradcheck(labels, (sums,))
    assert torch.autograd.gradcheck(text, (student,))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: icl.hard_lm(tensor(LM), torch.ones(2, 3), torch.ones(2, 3)), "tokens"),
        (lambda: icl.hard_lm(tensor(LM), torch.ones(2, 4), torch.ones(2, 3)), "mask"),
        (lambda: icl.soft_lm(tensor(LM), tensor(LM[:, :, 1:]), torch.ones(2, 4)), "teacher_logits"),
        (lambda: icl.soft_icl(tensor(LOGITS), tensor(TEACHER[:, 1:])), "teacher_probs"),
        (lambda: icl.hard_icl(tensor(LOGITS), torch.zeros(4)), "target"),
        (lambda: icl.soft_icl(tensor(LOGITS), tensor(TEACHER), divergence="js"), "ce, kl"),
    ],
)
def test_shapes_that_do_not_go_together_are_told(made: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        made()
