"""AdamW, the learning rate's way up and down, and the bound on a step's gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch

BETAS = (0.9, 0.95)


def schedule(step: int, steps: int, warmup: float, shape: str) -> float:
    """The factor on the learning rate at `step` (from 0): linear warm-up over the first share
    `warmup` of the steps, then constant, linear or cosine down to 0 after the last one."""
    warm = max(1, round(warmup * steps)) if warmup else 0
    if step < warm:
        return (step + 1) / (warm + 1)
    if shape == "constant":
        return 1.0
    done = (step - warm) / max(1, steps - warm)
    return 1 - done if shape == "linear" else (1 + math.cos(math.pi * done)) / 2


def adamw(model: Any, rate: float, decay: float) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2019) in one kernel, over the weights that are trained. Decay for
    matrices only, as is usual: norms and biases keep their size."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [w for w in weights if w.ndim >= 2], "weight_decay": decay},
        {"params": [w for w in weights if w.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=rate, betas=BETAS, fused=True
    )


def gradient_norm(weights: Iterable[torch.nn.Parameter]) -> torch.Tensor:
    """The length of the gradient over all weights, a scalar that stays on the device."""
    return torch.nn.utils.get_total_norm([w.grad for w in weights if w.grad is not None])


def clip(weights: Iterable[torch.nn.Parameter], norm: float, limit: float) -> None:
    """Scale a gradient of length `norm` down to `limit`; a shorter one is not even read."""
    if norm > limit:
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        torch._foreach_mul_(gradients, limit / (norm + 1e-6))  # as torch's clip_grad_norm_
