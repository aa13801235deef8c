"""Objective `step_by_step`: answer and rationale as two weighted tasks of one model (Distilling
step-by-step, Hsieh et al. 2023, arXiv:2305.02301)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from limbeck.errors import UserError
from limbeck.record import Record
from limbeck.step_by_step import EXPLAIN, PREDICT, prefixed
from limbeck.taught import taught_answer
from limbeck.trainers.example import Example, answered, encode
from limbeck.trainers.objectives.sft import completion_loss

if TYPE_CHECKING:  # a recipe's options are checked where there is no torch
    import torch

    from limbeck.trainers.batch import Batch


@dataclass(frozen=True)
class StepByStep:
    """From "predict: <question>" the answer, from "explain: <question>" the rationale.

    With a = `answer_weight`, and the sums over the tokens of the completions, their end included:

        L = a * (nats of the answers) / (their tokens)
            + (1 - a) * (nats of the rationales) / (their tokens)

    Both means are taken over the same records, in every step and over a whole set, as in the
    authors' code: a plain mean over tokens would leave answers the few tokens that they have. The
    answer is `taught_answer`'s: the record's target, or what the teacher answered. With
    `answer_weight` 1 the student learns answers only, from records with or without rationales.
    """

    answer_weight: Annotated[float, Field(gt=0, le=1)] = 0.5
    name: str = field(default="step_by_step", init=False)

    @property
    def weights(self) -> tuple[float, ...]:
        if self.answer_weight == 1:
            return (1.0,)
        return (self.answer_weight, 1 - self.answer_weight)

    def examples(
        self, tokenizer: Any, record: Record, eos_ids: Sequence[int]
    ) -> tuple[Example, ...]:
        """The answer's example and the rationale's. Raises UserError for a record without one of
        them."""
        texts = [(PREDICT, taught_answer(record)), (EXPLAIN, _rationale(record))]
        tasks = texts[: len(self.weights)]
        if not all(text for _, text in tasks):
            wanted = "an answer and a rationale" if len(tasks) == 2 else "an answer"
            raise UserError(
                f"train.objective: step_by_step needs records with {wanted} (the generator "
                f"chain_of_thought makes them), and the record {record.id} lacks "
                f"{'an answer' if not texts[0][1] else 'a rationale'}; set train.objective to sft"
            )
        return tuple(
            encode(tokenizer, _task(record, prefix, text), eos_ids=eos_ids)
            for prefix, text in tasks
        )

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """The sum over the loss tokens of a batch of one task, in nats."""
        return completion_loss(model, batch)


def _task(record: Record, prefix: str, text: str) -> Record:
    return answered(replace(record, messages=prefixed(prefix, record.messages)), text)


def _rationale(record: Record) -> str:
    rationale = record.meta.get("rationale")
    return rationale.strip() if isinstance(rationale, str) else ""
