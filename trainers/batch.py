"""Batches: rows of similar length side by side under a budget of padded tokens, or in one line."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import accumulate
from operator import add, mul
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from limbeck.trainers.example import Example
from limbeck.trainers.labels import LabelTable, table
from limbeck.trainers.soft import stacked

POOL = 16  # batches sorted by length together: enough to save padding, few enough to stay mixed


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of token ids (B, T): right-padded, or packed one after another into a single line.

    `mask` says which tokens are no padding, `loss` which carry loss. A packed batch (B = 1) has
    `positions` (1, T), which begin at 0 with every row, and `starts` (R + 1,), where the R rows
    begin and the last one ends; `longest` is the length of the longest. `soft` are the teacher's
    likely tokens at the N predicted places, in order: ids and log-probabilities, (N, K) each.
    `counts` says how many of those each row has. A row is a sequence: an example that holds several
    gives as many rows, and `labels` say which are whose.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    loss: torch.Tensor
    positions: torch.Tensor | None = None
    starts: torch.Tensor | None = None
    longest: int = 0
    soft: tuple[torch.Tensor, torch.Tensor] | None = None
    places: torch.Tensor | None = None
    counts: tuple[int, ...] = ()
    labels: LabelTable | None = None

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

    def sums(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over each row, (R,) in order, of values (N,) at the predicted places."""
        parts = torch.split(values, list(self.counts))
        return pad_sequence(list(parts), batch_first=True).sum(-1)

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
        if self.labels is not None:
            moved["labels"] = self.labels.to(device)
        return replace(self, **moved)


def collate(examples: Sequence[Example], pad_id: int) -> Batch:
    """Pad on the right to the longest example."""
    rows = _rows(examples)
    width = max(len(row.ids) for _, row in rows)
    ids = torch.full((len(rows), width), pad_id)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    loss = torch.zeros(len(rows), width, dtype=torch.bool)
    for place, (_, row) in enumerate(rows):
        size = len(row.ids)
        ids[place, :size] = torch.tensor(row.ids)
        mask[place, :size] = 1
        loss[place, :size] = torch.tensor(row.loss)
    return Batch(
        ids,
        mask,
        loss,
        soft=stacked(examples),
        places=_places(loss, None),
        counts=_counts(rows),
        labels=_labels(examples, rows),
    )


def lined_up(examples: Sequence[Example]) -> Batch:
    """One line of all rows, without padding; equal lengths stand together, for attention takes
    those at once."""
    rows = sorted(_rows(examples), key=lambda row: len(row[1].ids))
    sizes = [len(row.ids) for _, row in rows]
    ids = torch.tensor([[token for _, row in rows for token in row.ids]])
    loss = torch.tensor([[wanted for _, row in rows for wanted in row.loss]])
    starts = torch.tensor([0, *accumulate(sizes)], dtype=torch.int32)
    return Batch(
        ids,
        torch.ones_like(ids),
        loss,
        positions=torch.cat([torch.arange(size) for size in sizes])[None],
        starts=starts,
        longest=sizes[-1],
        soft=stacked([row for _, row in rows]),
        places=_places(loss, starts),
        counts=_counts(rows),
        labels=_labels(examples, rows),
    )


Place = tuple[int, int]
"""Which example, and which of its sequences."""


def _rows(examples: Sequence[Example]) -> list[tuple[Place, Example]]:
    return [
        ((number, place), sequence)
        for number, example in enumerate(examples)
        for place, sequence in enumerate(example.sequences)
    ]


def _counts(rows: Sequence[tuple[Place, Example]]) -> tuple[int, ...]:
    return tuple(sum(row.loss[1:]) for _, row in rows)


def _labels(
    examples: Sequence[Example], rows: Sequence[tuple[Place, Example]]
) -> LabelTable | None:
    labels = [example.labels for example in examples]
    widths = [len(example.lengths) for example in examples]
    return table(labels, [place for place, _ in rows], widths)


def _places(loss: torch.Tensor, starts: torch.Tensor | None) -> torch.Tensor:
    predicted = loss.clone()
    predicted[:, 0] = False
    if starts is not None:
        predicted[0, starts[:-1].long()] = False
    return predicted.flatten().nonzero().flatten()


def padded(longest: Sequence[int], counts: Sequence[int]) -> int:
    """Tokens with padding: of each task so many rows, as long as its longest."""
    return sum(map(mul, longest, counts))


def grouped(
    sizes: Sequence[tuple[int, ...]],
    *,
    budget: int,
    seed: int,
    epoch: int,
    counts: Sequence[tuple[int, ...]] | None = None,
) -> list[list[int]]:
    """Indices in batches: every index once, similar lengths together, shuffled by (seed, epoch).

    `sizes` are the lengths of each row's examples, one a task; those of a row stay together, so
    that every batch has all tasks of the same rows. `budget` bounds rows x longest example, summed
    over the tasks, but a row longer than that still gets its own batch. An example of several
    sequences has its longest in `sizes` and their number in `counts`, which is 1 by default.
    """
    counts = counts or [(1,) * len(row) for row in sizes]
    whole = [padded(*both) for both in zip(sizes, counts, strict=True)]
    shuffler = random.Random(f"{seed}/{epoch}")
    order = list(range(len(sizes)))
    shuffler.shuffle(order)
    mean = sum(whole) / max(len(sizes), 1)
    pool = max(1, int(POOL * budget / max(mean, 1)))
    batches: list[list[int]] = []
    for start in range(0, len(order), pool):
        near = sorted(order[start : start + pool], key=lambda index: whole[index])
        batch: list[int] = []
        longest: tuple[int, ...] = ()
        count: tuple[int, ...] = ()
        for index in near:
            wider = tuple(map(max, longest, sizes[index])) if batch else sizes[index]
            more = tuple(map(add, count, counts[index])) if batch else counts[index]
            if batch and padded(wider, more) > budget:
                batches.append(batch)
                batch, wider, more = [], sizes[index], counts[index]
            batch.append(index)
            longest, count = wider, more
        if batch:
            batches.append(batch)
    shuffler.shuffle(batches)
    return batches
