"""Batches of similar length under a budget of padded tokens, in an order that the seed gives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from limbeck.trainers.example import Example

POOL = 16  # batches sorted by length together: enough to save padding, few enough to stay mixed


@dataclass(frozen=True, slots=True)
class Batch:
    """Right-padded tensors, all (B, T): ids, attention mask, and which tokens carry loss."""

    ids: torch.Tensor
    mask: torch.Tensor
    loss: torch.Tensor

    @property
    def loss_tokens(self) -> int:
        return int(self.loss.sum())

    @property
    def tokens(self) -> int:
        """Tokens that are no padding."""
        return int(self.mask.sum())


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
    return Batch(ids, mask, loss)


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
