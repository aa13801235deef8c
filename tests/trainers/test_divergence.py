"""Divergences over the teacher's likeliest tokens and the rest, against plain sums in float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from limbeck.trainers.divergence import (
    LEAST_REST,
    Kind,
    divergence,
    student_outcomes,
    teacher_outcomes,
)
from tests.trainers.taught import VOCABULARY, by_hand, softmax

KINDS: tuple[Kind, ...] = ("forward", "reverse", "jsd")


def drawn(seed: int, rows: int = 7, k: int = 5) -> tuple[Any, Any, Any, list[Any]]:
    """Ids, log-probabilities and logits; in some rows the teacher names fewer than k."""
    random = np.random.default_rng(seed)
    ids = np.zeros((rows, k), np.int64)
    logprobs = np.full((rows, k), -np.inf)
    named = []
    for row in range(rows):
        count = 1 + row % k
        whole = np.log(softmax(random.normal(0, 3, VOCABULARY)))
        tokens = np.argsort(-whole)[:count]
        ids[row, :count], logprobs[row, :count] = tokens, whole[tokens]
        named.append([(int(t), float(whole[t])) for t in tokens])
    return ids, logprobs, random.normal(0, 3, (rows, VOCABULARY)), named


def measured(ids: Any, logprobs: Any, logits: Any, dtype: torch.dtype, **options: Any) -> Any:
    known = torch.tensor(logprobs) > -math.inf
    student, _ = student_outcomes(torch.tensor(logits, dtype=dtype), torch.tensor(ids), known)
    teacher = teacher_outcomes(torch.tensor(logprobs, dtype=dtype))
    return divergence(teacher, student, **options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("temperature", "beta"), [(1.0, 0.5), (2.5, 0.1), (0.7, 0.9)])
@pytest.mark.parametrize(("dtype", "close"), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_each_divergence_is_its_equation(
    kind: Kind, temperature: float, beta: float, dtype: torch.dtype, close: float
) -> None:
    ids, logprobs, logits, named = drawn(3)
    found = measured(ids, logprobs, logits, dtype, kind=kind, temperature=temperature, beta=beta)
    wanted = [
        by_hand(named[row], logits[row], kind, temperature, beta) for row in range(len(named))
    ]
    assert found.tolist() == pytest.approx(wanted, rel=close, abs=close)
    assert min(wanted) > 0.01


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_a_student_that_is_the_teacher_is_at_no_distance(kind: Kind, temperature: float) -> None:
    logits = torch.randn(6, VOCABULARY, dtype=torch.float64, generator=torch.manual_seed(1))
    values, ids = logits.log_softmax(-1).topk(4)
    student, _ = student_outcomes(logits.requires_grad_(), ids, torch.ones(6, 4, dtype=torch.bool))
    far = divergence(teacher_outcomes(values), student, kind, temperature=temperature)
    assert far.tolist() == pytest.approx([0.0] * 6, abs=1e-9)
    far.sum().backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert float(logits.grad.abs().max()) < 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_naming_the_whole_vocabulary_gives_the_whole_divergence(kind: Kind) -> None:
    generator = torch.manual_seed(2)
    theirs, ours = torch.randn(2, 5, VOCABULARY, dtype=torch.float64, generator=generator)
    p, q = theirs.log_softmax(-1), ours.log_softmax(-1)
    ids = torch.stack([torch.randperm(VOCABULARY, generator=generator) for _ in range(5)])
    student, _ = student_outcomes(ours, ids[:, :-1], torch.ones(5, VOCABULARY - 1).bool())
    far = divergence(teacher_outcomes(p.gather(1, ids[:, :-1])), student, kind)
    m = ((p.exp() + q.exp()) / 2).log()
    whole = {
        "forward": (p.exp() * (p - q)).sum(-1),
        "reverse": (q.exp() * (q - p)).sum(-1),
        "jsd": ((p.exp() * (p - m)).sum(-1) + (q.exp() * (q - m)).sum(-1)) / 2,
    }
    assert torch.allclose(far, whole[kind], atol=1e-9)
    few = ids[:, :3]
    student, _ = student_outcomes(ours, few, torch.ones(5, 3).bool())
    assert bool((divergence(teacher_outcomes(p.gather(1, few)), student, kind) <= far).all())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("temperature", [1.0, 1.7])
def test_its_gradient_is_that_of_finite_differences(kind: Kind, temperature: float) -> None:
    ids, logprobs, logits, _ = drawn(4, rows=3)
    known = torch.tensor(logprobs) > -math.inf

    def far(logits: torch.Tensor) -> torch.Tensor:
        student, total = student_outcomes(logits, torch.tensor(ids), known)
        teacher = teacher_outcomes(torch.tensor(logprobs))
        found = divergence(teacher, student, kind, temperature=temperature, beta=0.3)
        return torch.cat([found, total])

    given = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(far, (given,))


def test_the_rest_of_a_student_is_exact_where_it_is_small() -> None:
    logits = torch.zeros(1, VOCABULARY)
    logits[0, 7] = 60.0
    outcomes, total = student_outcomes(logits, torch.tensor([[7]]), torch.tensor([[True]]))
    assert float(outcomes[0, 1]) == pytest.approx(math.log(VOCABULARY - 1) - 60, rel=1e-5)
    assert float(total) == pytest.approx(60.0)


def test_a_teacher_that_leaves_no_rest_is_still_finite() -> None:
    named = torch.tensor([[math.log(0.9), math.log(0.1)], [math.log(0.95), math.log(0.0502)]])
    outcomes = teacher_outcomes(named)
    assert outcomes.exp().sum(-1).tolist() == pytest.approx([1.0, 1.0])
    assert outcomes[:, 2].exp().tolist() == pytest.approx([LEAST_REST] * 2, rel=1e-3)


def test_a_place_where_the_teacher_named_nothing_has_no_divergence_and_no_gradient() -> None:
    logits = torch.randn(2, VOCABULARY, generator=torch.manual_seed(0)).requires_grad_()
    known = torch.tensor([[False, False], [True, False]])
    student, total = student_outcomes(logits, torch.tensor([[0, 0], [9, 0]]), known)
    assert torch.allclose(total, logits.logsumexp(-1))
    logprobs = torch.tensor([[-math.inf, -math.inf], [-0.5, -math.inf]])
    far = divergence(teacher_outcomes(logprobs), student, "jsd", temperature=2.0)
    assert float(far[0].detach()) == pytest.approx(0.0, abs=1e-6)
    far.sum().backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert bool(logits.grad.isfinite().all())
    assert float(logits.grad[0].abs().max()) == pytest.approx(0.0, abs=1e-6)
    assert float(logits.grad[1].abs().max()) > 1e-3
