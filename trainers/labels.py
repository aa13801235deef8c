"""Label strings of a record that are scored against each other, each a sequence of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # examples are made of them, and need no torch
    import torch


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of an example's sequences. The first `count` of them are the labels.

    `target` is the place of the right label, `probs` are the teacher's probabilities (they sum to
    1), `written` is the place of the sequence that the teacher wrote: each None where it is not
    known. `lengths` are what the labels' log-probabilities are divided by, None for nothing.
    """

    count: int
    target: int | None = None
    probs: tuple[float, ...] | None = None
    written: int | None = None
    lengths: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class LabelTable:
    """The labels of a batch's G records as a table of G x W places, W the most sequences of one.

    `places` (R,) says where in the table, read row by row, each of the batch's R sequences stands.
    `is_label`, `probs`, `lengths` are (G, W); `target` and `written` are (G,), -1 for none, and
    `has_probs` is (G,).
    """

    places: torch.Tensor
    is_label: torch.Tensor
    probs: torch.Tensor
    lengths: torch.Tensor
    target: torch.Tensor
    written: torch.Tensor
    has_probs: torch.Tensor

    def spread(self, values: torch.Tensor) -> torch.Tensor:
        """Values (R,) of the sequences in their places (G, W), 0 where there is none."""
        flat = values.new_zeros(self.is_label.numel())
        return flat.scatter(0, self.places, values).view(self.is_label.shape)

    def to(self, device: torch.device) -> LabelTable:
        return LabelTable(*(getattr(self, field.name).to(device) for field in fields(self)))


def table(
    labels: Sequence[Labels | None], places: Sequence[tuple[int, int]], widths: Sequence[int]
) -> LabelTable | None:
    """The table of a batch: the labels of its records, (record, place within it) of each of its
    sequences in their order, and how many sequences each record has. None without labels."""
    import torch

    known = [one for one in labels if one is not None]
    if not known:
        return None
    if len(known) < len(labels):
        raise ValueError("records with and without labels do not go into one batch")
    shape = (len(known), max(widths))
    probs, lengths = torch.zeros(shape), torch.ones(shape)
    is_label = torch.zeros(shape, dtype=torch.bool)
    for row, one in enumerate(known):
        is_label[row, : one.count] = True
        if one.probs is not None:
            probs[row, : one.count] = torch.tensor(one.probs)
        if one.lengths is not None:
            lengths[row, : one.count] = torch.tensor(one.lengths, dtype=lengths.dtype)

    def numbers(values: Sequence[int | None]) -> torch.Tensor:
        return torch.tensor([-1 if value is None else value for value in values])

    return LabelTable(
        torch.tensor([row * shape[1] + place for row, place in places]),
        is_label,
        probs,
        lengths,
        numbers([one.target for one in known]),
        numbers([one.written for one in known]),
        torch.tensor([one.probs is not None for one in known]),
    )
