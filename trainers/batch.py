"""Batches: rows of similar length side by side under a budget of padded tokens, or in one line."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import accumulate
from typing import Any

import torch

from limbeck.trainers.example import Example
from limbeck.trainers.soft import stacked

POOL = 16  # batches sorted by length together: enough to save padding, few enough to stay mixed


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of token ids (B, T): right-padded, or packed one after another into a single line.

    `mask` says which tokens are no padding, `loss` which carry loss. A packed batch (B = 1) has
    `positions` (1, T), which begin at 0 with every row, and `starts` (R + 1,), where the R rows
    begin and the last one ends; `longest` is the length of the longest. `soft` are the teacher's
    likely tokens at the N predicted places, in order: ids and log-probabilities, (N, K) each.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    loss: torch.Tensor
    positions: torch.Tensor | None = None
    starts: torch.Tensor | None = None
    longest: int = 0
    soft: tuple[torch.Tensor, torch.Tensor] | None = None
    places: torch.Tensor | None = None

    @property
    def loss_tokens(self) -> int:
        return int(self.loss.sum())

    @property
    def tokens(self) -> int:
        """Tokens that are no padding."""
        return int(self.mask.sum())

    @property
    def at(self) -> torch.Tensor:
        """Where the N predicted tokens stand among the B x T: (N,), in order. The token of a place
        is predicted from the state one before it; a row's first token is predicted by nothing."""
        if self.places is not None:
            return self.places
        return _places(self.loss, self.starts)

    @property
    def targets(self) -> torch.Tensor:
        """The N predicted tokens."""
        return self.ids.flatten()[self.at]

    def to(self, device: torch.device) -> Batch:
        """The same batch there; on the CPU, itself."""
        if self.ids.device == device:
            return self
        moved: dict[str, Any] = {
            field.name: value.to(device, non_blocking=True)
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), torch.Tensor)
        }
        if self.soft is not None:
            ids, logprobs = self.soft
            moved["soft"] = (ids.to(device), logprobs.to(device))
        return replace(self, **moved)


def collate(examples: Sequence[Example], pad_id: int) -> Batch:
    """Pad on the right to the longest example."""
    width = max(len(example.ids) for example in examples)
    ids = torch.full((len(examples), width), pad_id)
    mask = torch.zeros(len(examples), width, dtype=torch.long)
    loss = torch.zeros(len(examples), width, dtype=torch.bool)
    for row, example in enumerate(examples):
        size = len(example.ids)
        ids[row, :size] = torch.tensor(example.ids)
        mask[row, :size] = 1
        loss[row, :size] = torch.tensor(example.loss)
    return Batch(ids, mask, loss, soft=stacked(examples), places=_places(loss, None))


def lined_up(examples: Sequence[Example]) -> Batch:
    """One line of all examples, without padding; equal lengths stand together, for attention takes
    those at once."""
    examples = sorted(examples, key=lambda example: len(example.ids))
    sizes = [len(example.ids) for example in examples]
    ids = torch.tensor([[token for example in examples for token in example.ids]])
    loss = torch.tensor([[wanted for example in examples for wanted in example.loss]])
    starts = torch.tensor([0, *accumulate(sizes)], dtype=torch.int32)
    return Batch(
        ids,
        torch.ones_like(ids),
        loss,
        positions=torch.cat([torch.arange(size) for size in sizes])[None],
        starts=starts,
        longest=sizes[-1],
        soft=stacked(examples),
        places=_places(loss, starts),
    )


def _places(loss: torch.Tensor, starts: torch.Tensor | None) -> torch.Tensor:
    predicted = loss.clone()
    predicted[:, 0] = False
    if starts is not None:
        predicted[0, starts[:-1].long()] = False
    return predicted.flatten().nonzero().flatten()


def grouped(
    sizes: Sequence[tuple[int, ...]], *, budget: int, seed: int, epoch: int
) -> list[list[int]]:
    """Indices in batches: every index once, similar lengths together, shuffled by (seed, epoch).

    `sizes` are the lengths of each row's examples, one a task; those of a row stay together, so
    that every batch has all tasks of the same rows. `budget` bounds rows x longest example, summed
    over the tasks, but a row longer than that still gets its own batch.
    """
    shuffler = random.Random(f"{seed}/{epoch}")
    order = list(range(len(sizes)))
    shuffler.shuffle(order)
    mean = sum(map(sum, sizes)) / max(len(sizes), 1)
    pool = max(1, int(POOL * budget / max(mean, 1)))
    batches: list[list[int]] = []
    for start in range(0, len(order), pool):
        near = sorted(order[start : start + pool], key=lambda index: sum(sizes[index]))
        batch: list[int] = []
        longest: tuple[int, ...] = ()
        for index in near:
            wider = tuple(map(max, longest, sizes[index])) if batch else sizes[index]
            if batch and sum(wider) * (len(batch) + 1) > budget:
                batches.append(batch)
                batch, wider = [], sizes[index]
            batch.append(index)
            longest = wider
        if batch:
            batches.append(batch)
    shuffler.shuffle(batches)
    return batches
