"""The training loop: examples in, weights changed in place, a loss curve out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import torch

from limbeck.errors import UserError
from limbeck.recipe import Train
from limbeck.trainers.batch import Batch, collate, grouped
from limbeck.trainers.example import Example


class Objective(Protocol):
    def loss(self, model: Any, batch: Batch) -> torch.Tensor: ...


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the loss curve: nats per loss token, averaged since the point before."""

    step: int
    epoch: float
    train_loss: float
    valid_loss: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Step:
    """What the progress view is told after every step."""

    step: int
    steps: int
    tokens: int
    loss: float


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


def fit(
    model: Any,
    objective: Objective,
    train: Sequence[Example],
    valid: Sequence[Example],
    *,
    settings: Train,
    seed: int,
    pad_id: int,
    on_step: Callable[[Step], None] = lambda step: None,
) -> list[Point]:
    """Train in place; returns the curve, with the validation loss after every epoch.

    The loss of a step is the mean over its loss tokens. Raises UserError when nothing is to be
    learned or the loss is no number any more.
    """
    if not any(example.loss_tokens for example in train):
        raise UserError("no trainable token: every completion is empty after masking")
    torch.manual_seed(seed)
    device = next(model.parameters()).device
    lengths = [len(example.ids) for example in train]
    plan = [
        grouped(lengths, budget=settings.batch_tokens, seed=seed, epoch=epoch)
        for epoch in range(settings.epochs)
    ]
    steps = sum(len(batches) for batches in plan)
    optimizer = torch.optim.AdamW(
        _decayed(model, settings.weight_decay),
        lr=settings.learning_rate,
        betas=(0.9, 0.95),
        fused=True,
    )
    curve = [
        Point(
            0,
            0.0,
            mean_loss(model, objective, train[:64], settings, pad_id),
            _valid(model, objective, valid, settings, pad_id),
        )
    ]
    every = max(1, steps // 50)
    step, total, count = 0, 0.0, 0
    for epoch, batches in enumerate(plan):
        for place, indices in enumerate(batches):
            batch = _to(collate([train[index] for index in indices], pad_id), device)
            factor = schedule(step, steps, settings.warmup, settings.schedule)
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * factor
            loss = _step(model, objective, batch, optimizer, settings.clip)
            step += 1
            if not math.isfinite(loss):
                raise UserError(
                    f"the loss is {loss} at step {step} of {steps}: lower train.learning_rate "
                    f"(it is {settings.learning_rate:g})"
                )
            total, count = total + loss * batch.loss_tokens, count + batch.loss_tokens
            on_step(Step(step, steps, batch.tokens, loss))
            last = place == len(batches) - 1
            if step % every == 0 or last:
                measured = _valid(model, objective, valid, settings, pad_id) if last else None
                position = epoch + (place + 1) / len(batches)
                curve.append(Point(step, round(position, 4), total / count, measured))
                total, count = 0.0, 0
    model.eval()
    return curve


def _step(
    model: Any, objective: Objective, batch: Batch, optimizer: torch.optim.Optimizer, clip: float
) -> float:
    model.train()
    optimizer.zero_grad(set_to_none=True)
    with _autocast(batch.ids.device):
        summed = objective.loss(model, batch)
    loss = summed / max(1, batch.loss_tokens)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return float(loss.detach())


def mean_loss(
    model: Any, objective: Objective, examples: Sequence[Example], settings: Train, pad_id: int
) -> float:
    """Mean loss over the examples' loss tokens, in nats; NaN for none."""
    model.eval()
    device = next(model.parameters()).device
    total, count = 0.0, 0
    lengths = [len(example.ids) for example in examples]
    with torch.inference_mode(), _autocast(device):
        for indices in grouped(lengths, budget=settings.batch_tokens, seed=0, epoch=0):
            batch = _to(collate([examples[index] for index in indices], pad_id), device)
            total += float(objective.loss(model, batch))
            count += batch.loss_tokens
    return total / count if count else math.nan


def _valid(
    model: Any, objective: Objective, valid: Sequence[Example], settings: Train, pad_id: int
) -> float | None:
    return mean_loss(model, objective, valid, settings, pad_id) if valid else None


def _decayed(model: Any, decay: float) -> list[dict[str, Any]]:
    """Weight decay for matrices only, as is usual: norms and biases keep their size."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    return [
        {"params": [w for w in weights if w.ndim >= 2], "weight_decay": decay},
        {"params": [w for w in weights if w.ndim < 2], "weight_decay": 0.0},
    ]


def _autocast(device: torch.device) -> torch.autocast:
    return torch.autocast(device.type, dtype=torch.bfloat16)


def _to(batch: Batch, device: torch.device) -> Batch:
    return Batch(batch.ids.to(device), batch.mask.to(device), batch.loss.to(device))
