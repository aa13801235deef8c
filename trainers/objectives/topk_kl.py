"""Objective `topk_kl`: the teacher's likeliest tokens as soft targets, beside cross entropy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from limbeck.errors import UserError
from limbeck.record import Record
from limbeck.trainers.example import Example, Row, encode

if TYPE_CHECKING:  # a recipe's options are checked where there is no torch
    import torch

    from limbeck.trainers.batch import Batch


@dataclass(frozen=True)
class TopkKl:
    """A divergence to the teacher's top-k probabilities, weighted against cross entropy.

    At a token for which the teacher named likeliest ones, with a = `alpha` and T = `temperature`:

        L = a * CE + (1 - a) * T^2 * D(teacher, student)

    and L = CE where it named none (the end token, with most servers). D is `forward` KL, `reverse`
    KL or `jsd` with `beta`, over those tokens and one outcome for all the others; see
    `trainers/divergence.py`. T^2 keeps the gradients' size (Hinton et al. 2015). The token that the
    teacher said counts among the likeliest, whether or not it is one.

    The records need `meta.logprobs` (generate.top_logprobs), and the student needs the teacher's
    tokens: from the first token on that it cuts otherwise, a row learns by cross entropy alone,
    and more than the share `other_rows` of such rows is a vocabulary mismatch. Sampling makes a few
    with one tokenizer too.
    """

    divergence: Literal["forward", "reverse", "jsd"] = "forward"
    alpha: Annotated[float, Field(ge=0, lt=1)] = 0.5
    temperature: Annotated[float, Field(gt=0)] = 1.0
    beta: Annotated[float, Field(gt=0, lt=1)] = 0.5
    other_rows: Annotated[float, Field(ge=0, le=1)] = 0.5
    weights: tuple[float, ...] = field(default=(1.0,), init=False)
    name: str = field(default="topk_kl", init=False)

    def examples(
        self, tokenizer: Any, record: Record, eos_ids: Sequence[int]
    ) -> tuple[Example, ...]:
        """Raises UserError for a record without log-probabilities, or of another vocabulary."""
        from limbeck.trainers.soft import soft_targets

        example = encode(tokenizer, record, eos_ids=eos_ids)
        return (replace(example, soft=soft_targets(tokenizer, record, example, eos_ids=eos_ids)),)

    def check(self, rows: Sequence[Row]) -> dict[str, int]:
        """How many rows are cut otherwise than by the teacher, and how many tokens have soft
        targets. Raises UserError where too many, or all, of the rows are cut otherwise."""
        from limbeck.trainers.soft import DO_INSTEAD

        examples = [example for row in rows for example in row]
        soft = [_soft_tokens(example) for example in examples]
        # all but the end token, of which most servers say nothing
        cut = [n < sum(e.loss[1:]) - 1 for n, e in zip(soft, examples, strict=True)]
        other = sum(cut)
        if other > self.other_rows * len(examples) or (examples and not any(soft)):
            raise UserError(
                f"vocabulary mismatch: the student cuts {other} of {len(examples)} completions "
                "into other tokens than the teacher, whose probabilities say nothing about those; "
                "choose a student with the teacher's tokenizer, raise train.options.other_rows "
                f"(it is {self.other_rows:g}), or {DO_INSTEAD}"
            )
        return {"other_rows": other, "soft_tokens": sum(soft)}

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """The sum of L over the batch's loss tokens, in nats."""
        from limbeck.trainers.head import summed

        targets = batch.targets
        soft = batch.soft or ()

        def nats(logits: torch.Tensor, part: slice) -> torch.Tensor:
            return self.nats(logits.float(), targets[part], *(one[part] for one in soft))

        return summed(model, batch, nats)

    def nats(
        self, logits: torch.Tensor, targets: torch.Tensor, *soft: torch.Tensor
    ) -> torch.Tensor:
        """The sum of L over N tokens, from logits (N, V), targets (N,) and, where there are soft
        targets, ids (N, K) and log-probabilities (N, K)."""
        from torch.nn import functional as F

        from limbeck.trainers.divergence import divergence, student_outcomes, teacher_outcomes

        if not soft:
            return F.cross_entropy(logits, targets, reduction="sum")
        ids, logprobs = soft
        known = logprobs > float("-inf")
        student, total = student_outcomes(logits, ids, known)
        far = divergence(
            teacher_outcomes(logprobs),
            student,
            self.divergence,
            temperature=self.temperature,
            beta=self.beta,
        )
        hard = total - logits.gather(-1, targets[:, None]).squeeze(-1)
        mixed = self.alpha * hard + (1 - self.alpha) * self.temperature**2 * far
        return mixed.where(known.any(-1), hard).sum()


def _soft_tokens(example: Example) -> int:
    soft = example.soft
    return 0 if soft is None else int((soft.logprobs > float("-inf")).any(-1).sum())
