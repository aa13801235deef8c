"""Distributions and their distances in plain Python, and tensors of known numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

Floats = np.ndarray[Any, np.dtype[np.float64]]


def probabilities(logits: Any, temperature: float = 1.0) -> list[float]:
    """Softmax of a list, in plain Python."""
    scaled = [float(one) / temperature for one in logits]
    most = max(scaled)
    sizes = [math.exp(one - most) for one in scaled]
    return [size / sum(sizes) for size in sizes]


def crossed(p: list[float], q: list[float]) -> float:
    return -sum(a * math.log(b) for a, b in zip(p, q, strict=True) if a)


def entropy(p: list[float]) -> float:
    return crossed(p, p)


def logits_of(seed: int, *shape: int) -> Floats:
    return np.random.default_rng(seed).normal(0, 2, shape)


def tensor(values: Any, kind: torch.dtype = torch.float32, *, grad: bool = False) -> torch.Tensor:
    return torch.tensor(np.asarray(values), dtype=kind).requires_grad_(grad)


def slope(loss: torch.Tensor, of: torch.Tensor) -> torch.Tensor:
    (found,) = torch.autograd.grad(loss, of)
    return found


LOGITS = logits_of(1, 5, 4)
TEACHER = np.array([probabilities(row) for row in logits_of(2, 5, 4)])
TARGET = [2, 0, 3, 1, 2]
