"""The training loop: examples in, weights changed in place, a loss curve out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

import torch

from limbeck.errors import UserError
from limbeck.recipe import Train
from limbeck.record import Record
from limbeck.trainers.batch import Batch, collate, grouped
from limbeck.trainers.example import Example, Row


class Objective(Protocol):
    """What a student is trained for: one task, or several with a weight each.

    Over the rows of a step, and over those of a whole set, the loss is

        L = sum over the tasks of  weight * (nats of the task's loss tokens) / (their number)

    `examples` gives one example a task, in the order of `weights`; `loss` gives the nats of a
    batch of one task's examples.
    """

    @property
    def weights(self) -> tuple[float, ...]: ...

    def examples(
        self, tokenizer: Any, record: Record, eos_ids: Sequence[int], /
    ) -> tuple[Example, ...]: ...

    def loss(self, model: Any, batch: Batch, /) -> torch.Tensor: ...


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the loss curve: the objective's loss over the rows since the point before."""

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
    train: Sequence[Row],
    valid: Sequence[Row],
    *,
    settings: Train,
    seed: int,
    pad_id: int,
    on_step: Callable[[Step], None] = lambda step: None,
) -> list[Point]:
    """Train in place; returns the curve, with the validation loss after every epoch.

    Raises UserError when nothing is to be learned or the loss is no number any more.
    """
    if not any(example.loss_tokens for row in train for example in row):
        raise UserError("no trainable token: every completion is empty after masking")
    torch.manual_seed(seed)
    device = next(model.parameters()).device
    plan = [
        grouped(_sizes(train), budget=settings.batch_tokens, seed=seed, epoch=epoch)
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
    step, since = 0, _Sums(objective.weights)
    for epoch, batches in enumerate(plan):
        for place, indices in enumerate(batches):
            tasks = _collated([train[index] for index in indices], pad_id, device)
            factor = schedule(step, steps, settings.warmup, settings.schedule)
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * factor
            sums = _step(model, objective, tasks, optimizer, settings.clip)
            loss = sums.loss
            step += 1
            if not math.isfinite(loss):
                raise UserError(
                    f"the loss is {loss} at step {step} of {steps}: lower train.learning_rate "
                    f"(it is {settings.learning_rate:g})"
                )
            since += sums
            on_step(Step(step, steps, sum(batch.tokens for batch in tasks), loss))
            last = place == len(batches) - 1
            if step % every == 0 or last:
                measured = _valid(model, objective, valid, settings, pad_id) if last else None
                position = epoch + (place + 1) / len(batches)
                curve.append(Point(step, round(position, 4), since.loss, measured))
                since = _Sums(objective.weights)
    model.eval()
    return curve


class _Sums:
    """Nats and loss tokens of every task, and the loss that they make."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = weights
        self._nats = [0.0] * len(weights)
        self._tokens = [0] * len(weights)

    def add(self, task: int, nats: float, tokens: int) -> None:
        self._nats[task] += nats
        self._tokens[task] += tokens

    def __iadd__(self, other: _Sums) -> Self:
        for task in range(len(self._weights)):
            self.add(task, other._nats[task], other._tokens[task])
        return self

    @property
    def loss(self) -> float:
        tasks = zip(self._weights, self._nats, self._tokens, strict=True)
        return sum(weight * nats / max(1, tokens) for weight, nats, tokens in tasks)


def _step(
    model: Any,
    objective: Objective,
    tasks: Sequence[Batch],
    optimizer: torch.optim.Optimizer,
    clip: float,
) -> _Sums:
    model.train()
    optimizer.zero_grad(set_to_none=True)
    sums = _Sums(objective.weights)
    for task, (weight, batch) in enumerate(zip(objective.weights, tasks, strict=True)):
        with _autocast(batch.ids.device):
            nats = objective.loss(model, batch)
        loss = weight * nats / max(1, batch.loss_tokens)
        loss.backward()  # type: ignore[no-untyped-call]
        sums.add(task, float(nats.detach()), batch.loss_tokens)
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return sums


def mean_loss(
    model: Any, objective: Objective, rows: Sequence[Row], settings: Train, pad_id: int
) -> float:
    """The objective's loss over all rows; NaN for none."""
    if not rows:
        return math.nan
    model.eval()
    device = next(model.parameters()).device
    sums = _Sums(objective.weights)
    with torch.inference_mode(), _autocast(device):
        for indices in grouped(_sizes(rows), budget=settings.batch_tokens, seed=0, epoch=0):
            tasks = _collated([rows[index] for index in indices], pad_id, device)
            for task, batch in enumerate(tasks):
                sums.add(task, float(objective.loss(model, batch)), batch.loss_tokens)
    return sums.loss


def _sizes(rows: Sequence[Row]) -> list[tuple[int, ...]]:
    return [tuple(len(example.ids) for example in row) for row in rows]


def _collated(rows: Sequence[Row], pad_id: int, device: torch.device) -> list[Batch]:
    """A batch for every task, each padded to its own longest example."""
    return [_to(collate(examples, pad_id), device) for examples in zip(*rows, strict=True)]


def _valid(
    model: Any, objective: Objective, valid: Sequence[Row], settings: Train, pad_id: int
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
