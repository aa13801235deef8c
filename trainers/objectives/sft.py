"""Objective `sft`: cross entropy on the teacher's completion only (sequence-level distillation,
Kim & Rush 2016, eq. 5, with sampled completions in place of the beam's mode)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from limbeck.record import Record
from limbeck.trainers.example import Example, Turns, encode

if TYPE_CHECKING:  # a recipe's options are checked where there is no torch
    import torch

    from limbeck.trainers.batch import Batch


@dataclass(frozen=True)
class Sft:
    """Next-token cross entropy where the mask says so: on the completion, or, with `turns` all, on
    every answer in the conversation."""

    turns: Turns = "last"
    weights: tuple[float, ...] = field(default=(1.0,), init=False)
    name: str = field(default="sft", init=False)

    def examples(
        self, tokenizer: Any, record: Record, eos_ids: Sequence[int]
    ) -> tuple[Example, ...]:
        return (encode(tokenizer, record, eos_ids=eos_ids, turns=self.turns),)

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        return completion_loss(model, batch)


def completion_loss(model: Any, batch: Batch) -> torch.Tensor:
    """The sum over the batch's loss tokens, in nats: the caller divides by their number."""
    from limbeck.trainers.head import cross_entropy

    return cross_entropy(model, batch)


def loss_logits(model: Any, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (N, V) and targets (N,) at the N predicted places, all at once."""
    from limbeck.trainers import head

    return head.loss_logits(model, batch)
