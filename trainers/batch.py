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


def grouped(lengths: Sequence[int], *, budget: int, seed: int, epoch: int) -> list[list[int]]:
    """Indices in batches: every index once, similar lengths together, shuffled by (seed, epoch).

    `budget` bounds rows x longest row, but a row longer than that still gets its own batch.
    """
    shuffler = random.Random(f"{seed}/{epoch}")
    order = list(range(len(lengths)))
    shuffler.shuffle(order)
    mean = sum(lengths) / max(len(lengths), 1)
    pool = max(1, int(POOL * budget / max(mean, 1)))
    batches: list[list[int]] = []
    for start in range(0, len(order), pool):
        near = sorted(order[start : start + pool], key=lambda index: lengths[index])
        batch: list[int] = []
        for index in near:
            if batch and lengths[index] * (len(batch) + 1) > budget:
                batches.append(batch)
                batch = []
            batch.append(index)
        if batch:
            batches.append(batch)
    shuffler.shuffle(batches)
    return batches
