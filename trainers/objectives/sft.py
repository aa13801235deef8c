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
    from torch.nn import functional as F

    logits, targets = loss_logits(model, batch)
    return F.cross_entropy(logits.float(), targets, reduction="sum")


def loss_logits(model: Any, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (N, V) and targets (N,) at the N positions that carry loss.

    The output head runs only there: with a vocabulary of 50k and prompts as long as the
    completions it is the larger half of the work.
    """
    wanted = batch.loss[:, 1:]  # the token at t is predicted from the state at t - 1
    targets = batch.ids[:, 1:][wanted]
    if _has_plain_head(model):
        states = model.base_model(
            input_ids=batch.ids, attention_mask=batch.mask, use_cache=False
        ).last_hidden_state  # (B, T, D)
        return model.get_output_embeddings()(states[:, :-1][wanted]), targets
    out = model(input_ids=batch.ids, attention_mask=batch.mask, use_cache=False)
    return out.logits[:, :-1][wanted], targets


def _has_plain_head(model: Any) -> bool:
    """Whether logits are just head(state): Gemma caps them, Cohere and Granite scale them."""
    config = model.config
    bent = ("final_logit_softcapping", "logit_scale", "logits_scaling")
    return model.get_output_embeddings() is not None and not any(
        getattr(config, name, None) not in (None, 1, 1.0) for name in bent
    )
