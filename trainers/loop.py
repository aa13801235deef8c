"""The training loop: examples in, weights changed in place, a loss curve out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from limbeck.errors import UserError
from limbeck.recipe import Train
from limbeck.record import content_hash
from limbeck.trainers import attention
from limbeck.trainers.checkpoint import Checkpoints, copied, put_back
from limbeck.trainers.curve import Point, Progress, Step, Watch
from limbeck.trainers.example import Row
from limbeck.trainers.head import core
from limbeck.trainers.measure import batches_of, layout_of, mean_loss, mean_of, plan
from limbeck.trainers.optim import adamw, clip, gradient_norm, schedule
from limbeck.trainers.speed import Work, compiled, kept_memory, recompute
from limbeck.trainers.step import (
    Lossy,
    Objective,
    Stepper,
    out_of_memory,
)
from limbeck.trainers.stopping import Stopping
from limbeck.trainers.terms import Named, Sums, counts, weights_at

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
    had without the break: bit for bit on the CPU of the same machine. Ctrl-C then ends the step,
    writes one and raises KeyboardInterrupt. With `settings.patience`
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

        self.seed = seed
        self.model, self.objective, self.settings = model, objective, settings
        self.train, self.valid = train, valid
        self.watch, self.checkpoints = watch, checkpoints
        self.device = next(model.parameters()).device
        self.layout = layout_of(model, settings, pad_id, self.device)
        self.plan = plan(train, settings, seed, packs=self.layout.packs)
        self.ends = [len(steps) for steps in self.plan]
        self.steps = sum(self.ends)
        if settings.gradient_checkpointing:
            recompute(model)
        self.optimizer: Any = adamw(model, settings.learning_rate, settings.weight_decay)
        self.accelerator = Accelerator(cpu=self.device.type == "cpu")
        kind = self.accelerator.distributed_type.value
        if kind in (
            "FSDP",
            "DEEPSPEED",
            "MEGATRON_LM",
        ):  # weights in pieces: no norm, no checkpoint
            raise UserError(f"limbeck trains with DDP, not with {kind}; run accelerate config")
        self._draw_anew(0)
        module: Any = Lossy(model, objective)
        if self.accelerator.num_processes > 1:  # each puts the model on a device of its own
            module, self.optimizer = self.accelerator.prepare(module, self.optimizer)
            self.device = next(model.parameters()).device
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        self.micro = settings.micro_tokens or settings.batch_tokens
        self.stepper = Stepper(module, objective, self.layout, self.micro, self.accelerator)
        self.saved = time.monotonic()
        keeps = checkpoints is not None and self.accelerator.num_processes == 1
        self.stopping = Stopping(watch.say, active=keeps)

    def run(self) -> list[Point]:
        state = self.checkpoints and self.checkpoints.restore(self.model, self.optimizer)
        if state:
            self.progress = Progress.of(state, self.objective.weights)
            self.stepper.micro = min(self.micro, state.more["micro"] or self.micro)
            if self.accelerator.process_index:  # what the checkpoint has is the first one's
                self._draw_anew(state.step)
            self.watch.resumed(self._tokens_until(state.step), self.progress.curve)
        else:
            self.progress = Progress(0, [], Sums(self.objective.weights))
            first = Point(0, 0.0, self._mean(self.train[:64]), self._validate())
            self._add(first)
        with self.stopping:
            self._steps()
        self._end()
        return self.progress.curve

    def _steps(self) -> None:
        done = 0
        for epoch, steps in enumerate(self.plan):
            for place, indices in enumerate(steps):
                done += 1
                if done <= self.progress.step:
                    continue
                if self._patience_is_out():
                    break
                self._one(epoch, place, [self.train[index] for index in indices])

    def _one(self, epoch: int, place: int, rows: Sequence[Row]) -> None:
        progress, settings = self.progress, self.settings
        rate = settings.learning_rate * schedule(
            progress.step, self.steps, settings.warmup, settings.schedule
        )
        weights = weights_at(self.objective, progress.step, self.steps)
        sums, norm = self._step(rows, rate, weights)
        progress.step += 1
        progress.since += sums
        work = Work.of(rows)
        self.watch.step(Step(progress.step, self.steps, work.tokens, sums.loss, work))
        last = place == self.ends[epoch] - 1
        if progress.step % max(1, self.steps // 50) == 0 or last:
            position = round(epoch + (place + 1) / self.ends[epoch], 4)
            measured = self._validate() if last else None
            since = progress.since
            named = None
            if isinstance(self.objective, Named):
                named = dict(zip(self.objective.terms, weights, strict=True))
            terms = since.named(self.objective)
            point = Point(progress.step, position, since.loss, measured, rate, norm, terms, named)
            self._add(point)
            progress.since = Sums(self.objective.weights)
            if measured is not None:
                self._judge(measured)
        self._save_if_due()

    def _step(
        self, rows: Sequence[Row], rate: float, weights: Sequence[float]
    ) -> tuple[Sums, float]:
        """The step's sums, and the length of its gradient before clipping."""
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        nats = self.stepper.gradient(rows, self.device, weights)
        self._tell()
        length = gradient_norm(self.weights)
        found = torch.stack([*(value.float() for value in nats), length.float()])
        if self.accelerator.num_processes > 1:
            found[:-1] = self.accelerator.reduce(found[:-1], "sum")
        *values, norm = found.tolist()  # the one moment that waits for the device
        sums = Sums(weights)
        for term, tokens in enumerate(counts(self.objective, rows)):
            sums.add(term, values[term], tokens)
        if not (math.isfinite(sums.loss) and math.isfinite(norm)):
            raise UserError(self._no_number(sums.loss, norm, rate))
        clip(self.weights, norm, self.settings.clip)
        try:
            self.optimizer.step()
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            raise UserError(
                "the memory is too small for AdamW: weights, gradients and moments take 16 bytes a "
                f"trained weight, and there are {sum(w.numel() for w in self.weights):,}; set "
                "student.lora, or take a smaller student"
            ) from error
        return sums, norm

    def _no_number(self, loss: float, norm: float, rate: float) -> str:
        what = f"the loss is {loss}" if not math.isfinite(loss) else f"the gradient is {norm}"
        kept = ""
        if self.checkpoints is not None:
            latest = self.checkpoints.latest
            kept = "; the weights before this step were in no checkpoint yet"
            if latest is not None:
                kept = (
                    f"; the last good checkpoint is {latest}, from which only the same settings go "
                    "on: with another rate training begins again"
                )
        return (
            f"{what} at step {self.progress.step + 1} of {self.steps}: lower train.learning_rate "
            f"(it is {self.settings.learning_rate:g}, and {rate:.3g} at this step){kept}"
        )

    def _validate(self) -> float | None:
        return self._mean(self.valid) if self.valid else None

    def _mean(self, rows: Sequence[Row]) -> float:
        while True:
            batches = batches_of(rows, self.stepper.micro, shares=self.layout.shares)
            try:
                return mean_of(self.model, self.objective, batches, self.layout)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                self.stepper.take_less(batches, error)
            torch.cuda.empty_cache()
            self._tell()

    def _tell(self) -> None:
        while self.stepper.said:
            self.watch.say(self.stepper.said.pop(0))

    def _draw_anew(self, step: int) -> None:
        """Seed what dropout draws from: by the seed alone, but in other processes by more."""
        place = self.accelerator.process_index
        own = int(content_hash([self.seed, place, step], size=4), 16) if place else self.seed
        torch.manual_seed(own)

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
        asked = self.stopping.asked
        due = asked or (every is not None and self.progress.step % every == 0)
        if self.checkpoints is None or not (due or time.monotonic() - self.saved > SAVE_SECONDS):
            return
        if self.accelerator.is_main_process:
            smaller = self.stepper.micro if self.stepper.micro < self.micro else None
            state = self.progress.to_state(smaller)
            self.checkpoints.save(self.model, self.optimizer, state)
        self.saved = time.monotonic()
        if asked:
            self.watch.say(
                f"train: stopped after step {self.progress.step} of {self.steps}, and its "
                "checkpoint is written"
            )
            raise KeyboardInterrupt

    def _tokens_until(self, step: int) -> int:
        done = [indices for steps in self.plan for indices in steps][:step]
        return sum(Work.of([self.train[i] for i in indices]).tokens for indices in done)
