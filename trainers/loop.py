"""The training loop: examples in, weights changed in place, a loss curve out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from limbeck.errors import UserError
from limbeck.recipe import Train
from limbeck.trainers import attention
from limbeck.trainers.batch import grouped
from limbeck.trainers.checkpoint import Checkpoints, copied, put_back
from limbeck.trainers.curve import Point, Progress, Step, Watch
from limbeck.trainers.example import Row
from limbeck.trainers.head import core
from limbeck.trainers.measure import layout_of, mean_loss, mean_of, sizes
from limbeck.trainers.optim import adamw, clip, gradient_norm, schedule
from limbeck.trainers.packing import packed
from limbeck.trainers.speed import Work, compiled, kept_memory
from limbeck.trainers.step import Lossy, Objective, Stepper, Sums, loss_tokens

__all__ = ["Objective", "Point", "Step", "Watch", "fit", "mean_loss", "schedule"]

SAVE_SECONDS = 300.0
"""A checkpoint at least that often. When is no matter of the weights: only of what is lost."""


def fit(
    model: Any,
    objective: Objective,
    train: Sequence[Row],
    valid: Sequence[Row],
    *,
    settings: Train,
    seed: int,
    pad_id: int,
    on_step: Callable[[Step], None] | None = None,
    watch: Watch | None = None,
    checkpoints: Checkpoints | None = None,
) -> list[Point]:
    """Train in place; returns the curve, with the validation loss after every epoch.

    With `checkpoints`, goes on after the latest one, and ends with the weights that it would have
    had without the break: bit for bit on the CPU of the same machine. With `settings.patience`
    and validation rows, training stops after so many epochs without improvement, and the model
    has the best weights.

    Raises UserError when nothing is to be learned, the loss is no number any more, or not even one
    row fits into the memory.
    """
    if not any(example.loss_tokens for row in train for example in row):
        raise UserError("no trainable token: every completion is empty after masking")
    watch = watch or Watch(step=on_step or (lambda step: None))
    device = next(model.parameters()).device
    whole = core(model)
    with attention.own(whole), kept_memory(device), compiled(whole, settings.compile):
        loop = _Loop(model, objective, train, valid, settings, seed, pad_id, watch, checkpoints)
        curve = loop.run()
    model.eval()
    return curve


class _Loop:
    def __init__(
        self,
        model: Any,
        objective: Objective,
        train: Sequence[Row],
        valid: Sequence[Row],
        settings: Train,
        seed: int,
        pad_id: int,
        watch: Watch,
        checkpoints: Checkpoints | None,
    ) -> None:
        from accelerate import Accelerator

        torch.manual_seed(seed)
        self.model, self.objective, self.settings = model, objective, settings
        self.train, self.valid = train, valid
        self.watch, self.checkpoints = watch, checkpoints
        self.device = next(model.parameters()).device
        self.layout = layout_of(model, settings, pad_id, self.device)
        self.plan = _plan(train, settings, seed, packs=self.layout.packs)
        self.ends = [len(steps) for steps in self.plan]
        self.steps = sum(self.ends)
        if settings.gradient_checkpointing:
            _recompute(model)
        self.optimizer: Any = adamw(model, settings.learning_rate, settings.weight_decay)
        self.accelerator = Accelerator(cpu=self.device.type == "cpu")
        kind = self.accelerator.distributed_type.value
        if kind in (
            "FSDP",
            "DEEPSPEED",
            "MEGATRON_LM",
        ):  # weights in pieces: no norm, no checkpoint
            raise UserError(f"limbeck trains with DDP, not with {kind}; run accelerate config")
        module: Any = Lossy(model, objective)
        if self.accelerator.num_processes > 1:
            module, self.optimizer = self.accelerator.prepare(module, self.optimizer)
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        micro = settings.micro_tokens or settings.batch_tokens
        self.stepper = Stepper(module, objective, self.layout, micro, self.accelerator)
        self.saved = time.monotonic()
        self.last_saved: str | None = None

    def run(self) -> list[Point]:
        state = self.checkpoints and self.checkpoints.restore(self.model, self.optimizer)
        if state:
            self.progress = Progress.of(state, self.objective.weights)
            self.stepper.micro = state.more["micro"]
            self.watch.resumed(self._tokens_until(state.step), self.progress.curve)
        else:
            self.progress = Progress(0, [], Sums(self.objective.weights))
            first = Point(0, 0.0, self._mean(self.train[:64]), self._validate())
            self._add(first)
        done = 0
        for epoch, steps in enumerate(self.plan):
            for place, indices in enumerate(steps):
                done += 1
                if done <= self.progress.step:
                    continue
                if self._patience_is_out():
                    break
                self._one(epoch, place, [self.train[index] for index in indices])
        self._end()
        return self.progress.curve

    def _one(self, epoch: int, place: int, rows: Sequence[Row]) -> None:
        progress, settings = self.progress, self.settings
        rate = settings.learning_rate * schedule(
            progress.step, self.steps, settings.warmup, settings.schedule
        )
        sums, norm = self._step(rows, rate)
        progress.step += 1
        progress.since += sums
        work = Work.of(rows)
        self.watch.step(Step(progress.step, self.steps, work.tokens, sums.loss, work))
        last = place == self.ends[epoch] - 1
        if progress.step % max(1, self.steps // 50) == 0 or last:
            position = round(epoch + (place + 1) / self.ends[epoch], 4)
            measured = self._validate() if last else None
            train_loss = progress.since.loss
            self._add(Point(progress.step, position, train_loss, measured, rate, norm))
            progress.since = Sums(self.objective.weights)
            if measured is not None:
                self._judge(measured)
        self._save_if_due()

    def _step(self, rows: Sequence[Row], rate: float) -> tuple[Sums, float]:
        """The step's sums, and the length of its gradient before clipping."""
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        nats = self.stepper.gradient(rows, self.device)
        while self.stepper.said:
            self.watch.say(self.stepper.said.pop(0))
        length = gradient_norm(self.weights)
        found = torch.stack([*(value.float() for value in nats), length.float()])
        if self.accelerator.num_processes > 1:
            found[:-1] = self.accelerator.reduce(found[:-1], "sum")
        *values, norm = found.tolist()  # the one moment that waits for the device
        sums = Sums(self.objective.weights)
        for task, tokens in enumerate(loss_tokens(rows)):
            sums.add(task, values[task], tokens)
        if not (math.isfinite(sums.loss) and math.isfinite(norm)):
            raise UserError(self._no_number(sums.loss, norm, rate))
        clip(self.weights, norm, self.settings.clip)
        self.optimizer.step()
        return sums, norm

    def _no_number(self, loss: float, norm: float, rate: float) -> str:
        what = f"the loss is {loss}" if not math.isfinite(loss) else f"the gradient is {norm}"
        kept = (
            f"; the last good checkpoint is {self.last_saved}"
            if self.last_saved
            else "; the weights before this step were in no checkpoint yet"
            if self.checkpoints
            else ""
        )
        return (
            f"{what} at step {self.progress.step + 1} of {self.steps}: lower train.learning_rate "
            f"(it is {self.settings.learning_rate:g}, and {rate:.3g} at this step){kept}"
        )

    def _validate(self) -> float | None:
        return self._mean(self.valid) if self.valid else None

    def _mean(self, rows: Sequence[Row]) -> float:
        return mean_of(self.model, self.objective, rows, self.settings, self.layout)

    def _add(self, point: Point) -> None:
        self.progress.curve.append(point)
        self.watch.point(point)

    def _judge(self, loss: float) -> None:
        """Keep the best weights, and count the epochs that were no better."""
        progress = self.progress
        if self.settings.patience is None:
            return
        if loss < progress.best_loss:
            progress.best_loss, progress.best_step, progress.waited = loss, progress.step, 0
            progress.best = copied(self.model)
        else:
            progress.waited += 1

    def _patience_is_out(self) -> bool:
        patience = self.settings.patience
        return patience is not None and self.progress.waited >= patience

    def _end(self) -> None:
        progress = self.progress
        if progress.best is None or progress.best_step == progress.step:
            return
        put_back(self.model, progress.best)
        self.watch.say(
            f"train: the student has the weights after step {progress.best_step}, where the "
            f"validation loss was lowest ({progress.best_loss:.4f})"
        )

    def _save_if_due(self) -> None:
        every = self.settings.checkpoint_steps
        due = every is not None and self.progress.step % every == 0
        if self.checkpoints is None or not (due or time.monotonic() - self.saved > SAVE_SECONDS):
            return
        if self.accelerator.is_main_process:
            state = self.progress.to_state(self.stepper.micro)
            self.last_saved = str(self.checkpoints.save(self.model, self.optimizer, state))
        self.saved = time.monotonic()

    def _tokens_until(self, step: int) -> int:
        done = [indices for steps in self.plan for indices in steps][:step]
        return sum(Work.of([self.train[i] for i in indices]).tokens for indices in done)


def _recompute(model: Any) -> None:
    """Keep a layer's input only, and compute the rest again on the way back. Raises UserError."""
    if not getattr(model, "supports_gradient_checkpointing", False):
        raise UserError(
            f"a {type(core(model)).__name__} has no gradient checkpointing; set "
            "train.gradient_checkpointing to false, and train.micro_tokens lower"
        )
    older = "gradient_checkpointing_enable"  # transformers before 5.20
    enable = getattr(model, "activation_checkpointing_enable", None) or getattr(model, older)
    enable({"use_reentrant": False})


def _plan(
    train: Sequence[Row], settings: Train, seed: int, *, packs: bool
) -> list[list[list[int]]]:
    """The rows of every step of every epoch."""
    order = packed if packs else grouped
    lengths = sizes(train)
    return [
        order(lengths, budget=settings.batch_tokens, seed=seed, epoch=epoch)
        for epoch in range(settings.epochs)
    ]
