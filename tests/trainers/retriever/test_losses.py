"""The losses against numpy in float64, term by term; and what they must be at the ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from limbeck.trainers.retriever.losses import cosines, distilled, first_of, info_nce

DRAWS = np.random.Generator(np.random.PCG64(5))
REWARDS = DRAWS.normal(0, 2, (3, 4))
COSINES = DRAWS.uniform(-1, 1, (3, 4))
REAL = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]], bool)


def softmax(values: np.ndarray) -> np.ndarray:
    shares = np.exp(values - values.max())
    whole: np.ndarray = shares / shares.sum()
    return whole


def tensor(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(values)


def test_cosines() -> None:
    queries, documents = DRAWS.normal(0, 3, (3, 5)), DRAWS.normal(0, 1, (4, 5))
    found = cosines(tensor(queries), tensor(documents)).numpy()
    for i, query in enumerate(queries):
        for j, doc in enumerate(documents):
            lengths = math.sqrt(sum(query**2)) * math.sqrt(sum(doc**2))
            assert found[i, j] == pytest.approx(sum(query * doc) / lengths)


@pytest.mark.parametrize("temperature", [0.01, 0.3])
def test_kl_to_the_rewards(temperature: float) -> None:
    expected = 0.0
    for rewards, cosine, real in zip(REWARDS, COSINES, REAL, strict=True):
        p, q = softmax(rewards[real]), softmax(cosine[real] / temperature)
        expected += sum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)
    found = distilled(tensor(REWARDS), tensor(COSINES), tensor(REAL), temperature)
    assert float(found) == pytest.approx(expected / 3)
    same = distilled(tensor(COSINES / temperature), tensor(COSINES), tensor(REAL), temperature)
    assert float(same) == pytest.approx(0, abs=1e-12)


def test_the_direction_is_from_the_rewards() -> None:
    """The other direction would forgive a retriever that ignores all but one good demo."""
    rewards, cosine = torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, -0.1]])
    real = torch.ones(1, 2, dtype=torch.bool)
    q = softmax(np.array([0.0, -10.0]))
    found = float(distilled(rewards, cosine, real, 0.01))
    assert found == pytest.approx(0.5 * math.log(0.5 / q[0]) + 0.5 * math.log(0.5 / q[1]), 1e-5)
    assert found > 4


def test_what_is_not_real_does_not_matter() -> None:
    wild = np.where(REAL, COSINES, 50.0)
    rewards = np.where(REAL, REWARDS, 99.0)
    one = distilled(tensor(REWARDS), tensor(COSINES), tensor(REAL), 0.1)
    other = distilled(tensor(rewards), tensor(wild), tensor(REAL), 0.1)
    assert float(one) == pytest.approx(float(other))


def test_info_nce() -> None:
    positive = np.array([1, 0, 3])
    allowed = np.array([[1, 0, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]], bool)
    expected = 0.0
    for cosine, place, others in zip(COSINES, positive, allowed, strict=True):
        counted = [n for n in range(4) if n == place or others[n]]
        shares = softmax(cosine[counted] / 0.2)
        expected -= math.log(shares[counted.index(place)])
    found = info_nce(tensor(COSINES), tensor(positive), tensor(allowed), 0.2)
    assert float(found) == pytest.approx(expected / 3)
    alone = info_nce(tensor(COSINES[2:]), tensor(positive[2:]), tensor(allowed[2:]), 0.2)
    assert float(alone) == pytest.approx(0)


def test_the_first_should_win() -> None:
    expected = -sum(
        math.log(softmax(rewards[real])[0]) for rewards, real in zip(REWARDS, REAL, strict=True)
    )
    found = first_of(tensor(REWARDS), tensor(REAL))
    assert float(found) == pytest.approx(expected / 3)


def test_gradients_are_numbers() -> None:
    rewards = tensor(REWARDS).requires_grad_()
    cosine = tensor(COSINES).requires_grad_()
    real = tensor(REAL)
    total = distilled(rewards.detach(), cosine, real, 0.01) + first_of(rewards, real)
    total = total + info_nce(cosine, torch.tensor([0, 1, 2]), ~real, 0.01)
    total.backward()  # type: ignore[no-untyped-call]
    for one in (rewards, cosine):
        assert one.grad is not None
        assert bool(torch.isfinite(one.grad).all())
    # A candidate that is not there pulls nothing: only what InfoNCE allows may.
    assert rewards.grad is not None
    assert not rewards.grad[~real].any()
