"""Objective `icl_tuning`: learning to learn from the demos in a prompt (MetaICL, Min et al. 2022,
arXiv:2110.15943)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from limbeck.record import Record
from limbeck.trainers.demos import turned_around
from limbeck.trainers.example import Example, encode

if TYPE_CHECKING:  # a recipe's options are checked where there is no torch
    import torch

    from limbeck.trainers.batch import Batch


@dataclass(frozen=True)
class IclTuning:
    """Cross entropy on the last output only, after a prompt that has the demos.

    With `mean` rows, as MetaICL has it, every row weighs the same: the mean over rows of the mean
    over its tokens. A long output does not drown out a label then. With tokens it is `sft`'s loss.
    `direction` channel exchanges inputs and outputs everywhere: the input is learned, from the
    output and demos that are turned around too. The end of the turn is always learned with it.
    """

    direction: Literal["direct", "channel"] = "direct"
    mean: Literal["rows", "tokens"] = "rows"
    weights: tuple[float, ...] = field(default=(1.0,), init=False)
    name: str = field(default="icl_tuning", init=False)

    def examples(
        self, tokenizer: Any, record: Record, eos_ids: Sequence[int]
    ) -> tuple[Example, ...]:
        """Raises UserError where channel cannot tell inputs and outputs apart."""
        if self.direction == "channel":
            record = turned_around(record)
        return (encode(tokenizer, record, eos_ids=eos_ids),)

    def counts(self, example: Example) -> tuple[int]:
        if self.mean == "tokens":
            return (example.loss_tokens,)
        return (int(any(example.loss[1:])),)

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """The sum over the batch's rows of the mean nats of a token, or over its tokens."""
        from limbeck.trainers import head

        if self.mean == "tokens":
            return head.cross_entropy(model, batch)
        return head.row_means(model, batch)
