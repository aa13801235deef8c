"""Weights changed step by step: what the reward model and the retriever have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from limbeck.errors import UserError
from limbeck.progress import Bar
from limbeck.trainers.optim import adamw, clip, gradient_norm, schedule

WARMUP, LIMIT = 0.1, 1.0

Losses = dict[str, torch.Tensor]


def trained(
    module: Any,
    epochs: Sequence[Sequence[Any]],
    losses: Callable[[Any, int], Losses],
    *,
    rate: float,
    bar: Bar,
) -> list[dict[str, float]]:
    """Train in place over the batches of each epoch; the means of every loss, epoch by epoch.

    `losses(batch, epoch)` are means over a batch; "loss" is what is made small. AdamW without
    decay, a linear way up over a tenth of the steps and down to 0, gradients of length 1 at most.
    Raises UserError for a loss that is no number.
    """
    optimizer = adamw(module, rate, 0.0)
    steps = sum(map(len, epochs))
    curve: list[dict[str, float]] = []
    step = 0
    module.train()
    for epoch, batches in enumerate(epochs):
        sums: dict[str, float] = {}
        for batch in batches:
            now = rate * schedule(step, steps, WARMUP, "linear")
            values = _step(module, optimizer, lambda: losses(batch, epoch), now)  # noqa: B023
            step += 1
            if not all(map(math.isfinite, values.values())):
                raise UserError(
                    f"the loss is {values['loss']:g} at step {step} of {steps}; lower the learning "
                    f"rate (it is {rate:g})"
                )
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + value * len(batch)
            bar.advance(note=f"loss {values['loss']:.3f}")
        count = sum(map(len, batches))
        curve.append({name: round(value / count, 6) for name, value in sums.items()})
    module.eval()
    return curve


def _step(
    module: Any, optimizer: torch.optim.Optimizer, losses: Callable[[], Losses], rate: float
) -> dict[str, float]:
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    # The gradients of a sharp softmax are so small that their squares are denormal, and these
    # take a CPU a hundred times as long.
    torch.set_flush_denormal(True)
    try:
        found = losses()
        found["loss"].backward()  # type: ignore[no-untyped-call]
        weights = list(module.parameters())
        clip(weights, float(gradient_norm(weights)), LIMIT)
        optimizer.step()
    finally:
        torch.set_flush_denormal(False)
    return {name: float(value.detach()) for name, value in found.items()}


def padded(rows: Sequence[Any], width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of numbers of different lengths as one array (B, width), zeros at the ends, and which of
    it is real."""
    found = np.zeros((len(rows), width), np.asarray(rows[0]).dtype)
    real = np.zeros((len(rows), width), bool)
    for place, row in enumerate(rows):
        found[place, : len(row)] = row
        real[place, : len(row)] = True
    return torch.from_numpy(found), torch.from_numpy(real)
