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
    `counts` says how many of those each sequence has. An example that holds several sequences gives
    as many rows, and `labels` say which are whose.

    A packed row may be a tree: what the sequences of an example begin with, then the rest of each,
    its branches. `forks` (F,) are the places where branches begin. They go on from the end of the
    beginning, in their positions and in what they see, and do not see each other. `sources` (N,) is
    where the states stand that the predicted tokens are predicted from.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    loss: torch.Tensor
    positions: torch.Tensor | None = None
    starts: torch.Tensor | None = None
    longest: int = 0
    soft: tuple[torch.Tensor, torch.Tensor] | None = None
    forks: torch.Tensor | None = None
    places: torch.Tensor | None = None
    sources: torch.Tensor | None = None
    counts: tuple[int, ...] = ()
    labels: LabelTable | None = None

    @property
    def loss_tokens(self) -> int:
        return int(self.loss.sum())

    @property
    def tokens(self) -> int:
        """Tokens that are no padding, as many as are computed."""
        return int(self.mask.sum())

    @property
    def at(self) -> torch.Tensor:
        """Where the N predicted tokens stand among the B x T: (N,), in order. A row's first token
        is predicted by nothing."""
        if self.places is not None:
            return self.places
        return _places(self.loss, self.starts)

    @property
    def before(self) -> torch.Tensor:
        """Where the states stand that they are predicted from: (N,). One place before each, but for
        the first token of a branch: it is predicted from the last one of the beginning."""
        return self.at - 1 if self.sources is None else self.sources

    @property
    def targets(self) -> torch.Tensor:
        """The N predicted tokens."""
        return self.ids.flatten()[self.at]

    def sums(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over each sequence, in order, of values (N,) at the predicted places."""
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


def lined_up(examples: Sequence[Example], *, shares: bool = True) -> Batch:
    """One line of all rows, without padding; equal lengths stand together, for attention takes
    those at once. What the sequences of an example share is there once where it `shares`, else as
    often as there are sequences: not every model knows trees (`attention.shares_beginnings`)."""
    rows: list[_Line] = []
    for number, example in enumerate(examples):
        sequences = [((number, place), one) for place, one in enumerate(example.sequences)]
        if shares and example.shared:
            rows.append(_Line(example.ids, example.loss, sequences, example.shared))
        else:
            rows += [_Line(one[1].ids, one[1].loss, [one]) for one in sequences]
    rows.sort(key=lambda row: len(row.ids))
    ids = torch.tensor([[token for row in rows for token in row.ids]])
    loss = torch.tensor([[wanted for row in rows for wanted in row.loss]])
    sizes = [len(row.ids) for row in rows]
    starts = torch.tensor([0, *accumulate(sizes)], dtype=torch.int32)
    sequences = [sequence for row in rows for sequence in row.sequences]
    places = _places(loss, starts)
    forks = _forks(rows)
    return Batch(
        ids,
        torch.ones_like(ids),
        loss,
        positions=torch.cat([part for row in rows for part in row.positions])[None],
        starts=starts,
        longest=sizes[-1],
        soft=stacked([one for _, one in sequences]),
        forks=torch.tensor([fork for fork, _ in forks], dtype=torch.int32) if forks else None,
        places=places,
        sources=_sources(places, forks, ids.numel()) if forks else None,
        counts=_counts(sequences),
        labels=_labels(examples, sequences),
    )


Place = tuple[int, int]
"""Which example, and which of its sequences."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of a line: a sequence, or several that have their first `shared` tokens in common."""

    ids: tuple[int, ...]
    loss: tuple[bool, ...]
    sequences: list[tuple[Place, Example]]
    shared: int = 0

    @property
    def positions(self) -> list[torch.Tensor]:
        rests = [torch.arange(self.shared, len(one.ids)) for _, one in self.sequences]
        return [torch.arange(self.shared), *rests]


def _forks(rows: Sequence[_Line]) -> list[tuple[int, int]]:
    """Where each branch of a line begins, and where the last token of its beginning stands."""
    found = []
    start = 0
    for row in rows:
        stem = start + row.shared - 1
        fork = stem + 1
        for _, one in row.sequences if row.shared else ():
            found.append((fork, stem))
            fork += len(one.ids) - row.shared
        start += len(row.ids)
    return found


def _sources(places: torch.Tensor, forks: Sequence[tuple[int, int]], length: int) -> torch.Tensor:
    sources = torch.arange(-1, length - 1)
    for fork, stem in forks:
        sources[fork] = stem
    return sources[places]


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
