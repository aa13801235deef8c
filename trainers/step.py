"""One step: its rows in micro-batches, the loss over all of its tokens, one move of the weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from operator import add
from typing import Any, Literal, Protocol

import torch
from torch import nn

from limbeck.errors import UserError
from limbeck.record import Record
from limbeck.trainers.batch import Batch, collate, lined_up, padded
from limbeck.trainers.example import Example, Row
from limbeck.trainers.terms import counts


class Objective(Protocol):
    """What a student is trained for: one task, or several with a weight each.

    Over the rows of a step, and over those of a whole set, the loss is

        L = sum over the tasks of  weight * (nats of the task's loss tokens) / (their number)

    `examples` gives one example a task, in the order of `weights`; `loss` gives the nats of a
    batch of one task's examples. A task may have several terms with a weight each: `loss` is a
    vector of their sums then, and what they are divided by is said with `counts`, as `terms.py` has
    it. A sum may be over whole rows, for those are never parted, but not over whole batches: how a
    step falls into batches must not matter.
    """

    @property
    def weights(self) -> tuple[float, ...]: ...

    def examples(
        self, tokenizer: Any, record: Record, eos_ids: Sequence[int], /
    ) -> tuple[Example, ...]: ...

    def loss(self, model: Any, batch: Batch, /) -> torch.Tensor: ...


class Layout:
    """How examples become a batch: in one line where `packs`, else padded with `pad_id`. What the
    sequences of an example begin with is computed once in a line that `shares` it, else with each.
    """

    def __init__(self, *, packs: bool, pad_id: int, precision: str, shares: bool = True) -> None:
        self.packs = packs
        self.shares = packs and shares
        self._pad_id = pad_id
        self._precision = precision

    def batch(self, examples: Sequence[Example], device: torch.device) -> Batch:
        if self.packs:
            return lined_up(examples, shares=self.shares).to(device)
        return collate(examples, self._pad_id).to(device)

    def split(self, rows: Sequence[Row], budget: int) -> list[list[Row]]:
        """The rows in micro-batches of at most `budget` tokens as they are computed, with padding
        and repetition; one by one where a row alone is longer."""
        parts: list[list[Row]] = []
        tokens = 0
        longest: list[int] = []
        count: list[int] = []
        for own, row in sorted(((self._tokens(row), row) for row in rows), key=lambda one: -one[0]):
            sizes = [max(example.lengths) for example in row]
            ones = [len(example.lengths) for example in row]
            wider = list(map(max, longest, sizes)) if parts else sizes
            more = list(map(add, count, ones)) if parts else ones
            if not parts or (tokens + own if self.packs else padded(wider, more)) > budget:
                parts.append([])
                tokens, wider, more = 0, sizes, ones
            parts[-1].append(row)
            tokens, longest, count = tokens + own, wider, more
        return parts

    def _tokens(self, row: Row) -> int:
        if self.shares:
            return sum(len(example.ids) for example in row)
        return sum(sum(example.lengths) for example in row)

    def precision(self, device: torch.device) -> AbstractContextManager[Any]:
        if self._precision == "fp32":
            return nullcontext()
        return torch.autocast(device.type, dtype=torch.bfloat16)


def precision_of(wanted: Literal["auto", "bf16", "fp32"], device: torch.device) -> str:
    """bf16 or fp32. Left to choose, bf16 where it is the faster one: on a GPU, and on a CPU with
    matrix units for it (AMX). On another CPU its products took 1.1 to 1.6 times as long as those in
    float32 (docs/log.md, 2026-11-28)."""
    if wanted != "auto":
        return wanted
    has_amx = getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    return "bf16" if device.type != "cpu" or has_amx() else "fp32"


class Lossy(nn.Module):
    """The model with its objective as one module: what wraps a module (DDP) is told of every
    forward pass, whichever parts of the model the objective calls."""

    def __init__(self, model: Any, objective: Objective) -> None:
        super().__init__()
        self.model = model
        self.objective = objective

    def forward(self, batch: Batch) -> torch.Tensor:
        return self.objective.loss(self.model, batch)


class Stepper:
    """Gradients of whole steps, in micro-batches of `micro` tokens: as many as the memory takes.
    Each process has its share of a step's rows."""

    def __init__(
        self, module: Any, objective: Objective, layout: Layout, micro: int, accelerator: Any
    ) -> None:
        self._module = module
        self._objective = objective
        self._layout = layout
        self._accelerator = accelerator
        self.micro = micro
        self.said: list[str] = []

    def gradient(
        self, rows: Sequence[Row], device: torch.device, weights: Sequence[float]
    ) -> list[torch.Tensor]:
        """Leave the gradient of the rows' loss, with these weights of its terms, in the model's
        weights; return the nats of each term, on the device.

        Where the memory is full, the micro-batch is halved and the step begun again; `said` tells.
        Raises UserError where a single row is too much.
        """
        while True:
            put_back = drawn_so_far(device)
            parts = self._parts(rows)
            try:
                return self._gradient(rows, parts, device, weights)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                self.take_less(parts, error)
            self._module.zero_grad(set_to_none=True)
            put_back()
            torch.cuda.empty_cache()  # not sooner: the error holds on to what was computed

    def _parts(self, rows: Sequence[Row]) -> list[list[Row]]:
        place, of = self._accelerator.process_index, self._accelerator.num_processes
        return self._layout.split(rows[place::of] or [_silent(rows[0])], self.micro)

    def _gradient(
        self,
        rows: Sequence[Row],
        parts: Sequence[Sequence[Row]],
        device: torch.device,
        weights: Sequence[float],
    ) -> list[torch.Tensor]:
        """The divisor of a term is the step's, over all micro-batches and processes; DDP takes the
        mean over processes, which the factor undoes."""
        factor = self._accelerator.num_processes
        divisors = counts(self._objective, rows)
        scales = [
            factor * weight / max(1, tokens)
            for weight, tokens in zip(weights, divisors, strict=True)
        ]
        scaling = torch.tensor(scales, device=device)
        nats = [torch.zeros((), device=device) for _ in scales]
        for number, part in enumerate(parts):
            term = 0
            for task, examples in enumerate(zip(*part, strict=True)):
                last = number == len(parts) - 1 and task == len(part[0]) - 1
                batch = self._layout.batch(examples, device)
                with self._alone(last):
                    with self._layout.precision(device):
                        found = self._module(batch).reshape(-1)
                    (found * scaling[term : term + len(found)]).sum().backward()
                for value in found.detach():
                    nats[term] += value
                    term += 1
        return nats

    def _alone(self, last: bool) -> AbstractContextManager[Any]:
        if last or self._accelerator.num_processes == 1:
            return nullcontext()
        made: AbstractContextManager[Any] = self._accelerator.no_sync(self._module)
        return made

    def take_less(self, parts: Sequence[Sequence[Row]], error: BaseException) -> None:
        """After a full memory: smaller micro-batches from here on. Raises UserError where there are
        none."""
        longest = max(len(part) for part in parts)
        if longest == 1 or self._accelerator.num_processes > 1:
            raise UserError(
                "the memory is too small for "
                + ("one row" if longest == 1 else f"micro-batches of {self.micro} tokens")
                + "; set train.gradient_checkpointing, or lower "
                + ("train.max_length" if longest == 1 else "train.micro_tokens")
            ) from error
        while max(map(len, parts)) == longest:  # until it makes a difference
            self.micro //= 2
            parts = self._layout.split([row for part in parts for row in part], self.micro)
        self.said.append(
            f"train: the memory is full; micro-batches are now {self.micro} tokens, the rows of a "
            "step stay the same"
        )


def _silent(row: Row) -> Row:
    """The row without loss, for a process that has none of a step's rows: all must take part."""
    return tuple(example.silent for example in row)


def drawn_so_far(device: torch.device) -> Callable[[], None]:
    """What sets the generators that dropout draws from, the device's too, back to where they are
    now."""
    cpu = torch.get_rng_state()
    gpu = torch.cuda.get_rng_state(device) if device.type == "cuda" else None

    def put_back() -> None:
        torch.set_rng_state(cpu)
        if gpu is not None:
            torch.cuda.set_rng_state(gpu, device)

    return put_back


def out_of_memory(error: BaseException) -> bool:
    """Whether it is the memory that is full: CUDA's own error, or the CPU allocator's."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return "can't allocate memory" in str(error) or "not enough memory" in str(error)
