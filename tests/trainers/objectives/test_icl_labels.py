"""The terms over labels of in-context learning distillation, against loops over float64 numbers."""

from __future__ import annotations

import math

import pytest
import torch

from limbeck.trainers.objectives import icl
from tests.trainers.objectives.golden import (
    LOGITS,
    TARGET,
    TEACHER,
    crossed,
    entropy,
    probabilities,
    slope,
    tensor,
)

INF = math.inf


def test_label_scores_are_a_softmax_over_the_labels_that_a_row_has() -> None:
    sums = [[-3.0, -5.5, -9.0], [-2.0, -1.0, -INF]]
    found = icl.label_logprobs(tensor(sums))
    assert found.exp().tolist() == [
        pytest.approx(probabilities(sums[0])),
        pytest.approx([*probabilities(sums[1][:2]), 0.0]),
    ]
    assert found[1, 2] == -INF


def test_label_scores_by_length() -> None:
    sums, lengths = [[-3.0, -8.0, -INF]], [[1, 4, 0]]
    found = icl.label_logprobs(tensor(sums), torch.tensor(lengths))
    assert found.exp().tolist()[0] == pytest.approx([*probabilities([-3.0, -2.0]), 0.0])
    whole = icl.label_logprobs(tensor(sums))
    assert whole[0, 0] > whole[0, 1]
    assert found[0, 0] < found[0, 1]
    with pytest.raises(ValueError, match=r"lengths of shape \(1, 2\).*sums of shape \(1, 3\)"):
        icl.label_logprobs(tensor(sums), torch.ones(1, 2))


def test_a_label_that_a_row_has_not_gets_no_gradient_and_breaks_none() -> None:
    sums = tensor([[-3.0, -5.5, -9.0], [-2.0, -1.0, -INF]], grad=True)
    teacher = tensor([[0.2, 0.3, 0.5], [0.9, 0.1, 0.0]])
    for temperature in (1.0, 2.0):
        logs = icl.label_logprobs(sums)
        soft = icl.soft_icl(logs, teacher, temperature=temperature)
        hard = icl.hard_icl(logs, torch.tensor([0, 1]))
        for loss in (soft, hard):
            found = slope(loss, sums) if loss is hard else torch.autograd.grad(
                loss, sums, retain_graph=True
            )[0]  # fmt: skip
            assert found.isfinite().all()
            assert found[1, 2] == 0
            assert found.sum(-1).tolist() == pytest.approx([0, 0], abs=1e-6)


def label_logs(kind: torch.dtype = torch.float32) -> torch.Tensor:
    return icl.label_logprobs(tensor(LOGITS, kind))


def test_hard_icl_by_hand() -> None:
    expected = -sum(
        math.log(probabilities(row)[place]) for row, place in zip(LOGITS, TARGET, strict=True)
    )
    assert float(icl.hard_icl(label_logs(), torch.tensor(TARGET))) == pytest.approx(expected / 5)


def test_hard_icl_of_some_rows() -> None:
    """A row without a right label has anything for one."""
    mask, target = [1, 0, 1, 1, 0], [2, -100, 3, 1, 9]
    rows = [row for row in range(5) if mask[row]]
    expected = -sum(math.log(probabilities(LOGITS[row])[target[row]]) for row in rows) / 3
    for kind in (torch.bool, torch.long, torch.float32):
        found = icl.hard_icl(label_logs(), torch.tensor(target), torch.tensor(mask).to(kind))
        assert float(found) == pytest.approx(expected)


def test_soft_icl_by_hand() -> None:
    pairs = [(list(p), probabilities(row)) for p, row in zip(TEACHER, LOGITS, strict=True)]
    expected = sum(crossed(p, q) for p, q in pairs) / 5
    found = icl.soft_icl(label_logs(), tensor(TEACHER))
    assert float(found) == pytest.approx(expected)
    swapped = sum(crossed(q, p) for p, q in pairs) / 5
    assert float(found) != pytest.approx(swapped, rel=0.01)  # the direction matters
    some = icl.soft_icl(label_logs(), tensor(TEACHER), torch.tensor([0, 1, 1, 0, 0]))
    assert float(some) == pytest.approx(sum(crossed(p, q) for p, q in pairs[1:3]) / 2)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("divergence", ["ce", "kl"])
def test_soft_icl_at_a_temperature(temperature: float, divergence: str) -> None:
    expected = 0.0
    for p, row in zip(TEACHER, LOGITS, strict=True):
        raised = [value ** (1 / temperature) for value in p]
        p = [value / sum(raised) for value in raised]
        far = crossed(p, probabilities(row, temperature))
        expected += temperature**2 * (far - (entropy(p) if divergence == "kl" else 0))
    found = icl.soft_icl(
        label_logs(), tensor(TEACHER), temperature=temperature, divergence=divergence
    )
    assert float(found) == pytest.approx(expected / 5, rel=1e-5)


def test_cross_entropy_and_kl_have_one_gradient_and_kl_is_nought_at_the_teacher() -> None:
    slopes = []
    for divergence in ("ce", "kl"):
        sums = tensor(LOGITS, torch.float64, grad=True)
        loss = icl.soft_icl(
            icl.label_logprobs(sums), tensor(TEACHER, torch.float64),
            temperature=1.7, divergence=divergence,
        )  # fmt: skip
        slopes.append(slope(loss, sums))
    assert torch.allclose(slopes[0], slopes[1], atol=1e-12)
    same = label_logs(torch.float64)
    assert float(icl.soft_icl(same, same.exp(), divergence="kl")) == pytest.approx(0, abs=1e-12)
    zeros = tensor([[0.0, 1.0]])
    assert float(icl.soft_icl(zeros.log(), zeros, divergence="kl")) == 0


def test_a_label_that_is_nothing_to_either_counts_nothing() -> None:
    logs = tensor([[math.log(0.25), math.log(0.75), -INF]], grad=True)
    loss = icl.soft_icl(logs, tensor([[0.5, 0.5, 0.0]]))
    assert float(loss.detach()) == pytest.approx(-0.5 * math.log(0.25) - 0.5 * math.log(0.75))
    assert slope(loss, logs).tolist() == [[-0.5, -0.5, 0.0]]
    assert float(icl.soft_icl(logs.detach(), tensor([[0.5, 0.0, 0.5]]))) == INF  # and this is so


def test_only_the_student_learns() -> None:
    student, teacher = tensor(LOGITS, grad=True), tensor(TEACHER, grad=True)
    loss = icl.soft_icl(icl.label_logprobs(student), teacher, temperature=2.0)
    loss.backward()  # type: ignore[no-untyped-call]
    assert teacher.grad is None
    assert student.grad is not None
    other, logits = tensor(LOGITS[None], grad=True), tensor(LOGITS[None] + 1, grad=True)
    icl.soft_lm(other, logits, torch.ones(1, 5)).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is None
    assert other.grad is not None
