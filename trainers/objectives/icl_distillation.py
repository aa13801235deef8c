"""Objective `icl_distillation`: what the teacher thinks of a record's labels, after its demos
(Huang et al. 2022, arXiv:2212.10670, and `icl.py`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeGuard

from pydantic import Field

from limbeck.errors import UserError
from limbeck.labels.distribution import MIN_MASS, LabelDistribution
from limbeck.record import Record
from limbeck.trainers.demos import without_demos
from limbeck.trainers.example import Example, Row, answered, encode, together
from limbeck.trainers.labels import Labels
from limbeck.trainers.objectives import icl
from limbeck.trainers.objectives.icl import Divergence, Schedule

if TYPE_CHECKING:  # a recipe's options are checked where there is no torch
    import torch

    from limbeck.trainers.batch import Batch

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class IclDistillation:
    """Right labels and the teacher's distribution over labels, a whole string each.

        L = a (hard_icl + beta hard_lm) + (1 - a) (soft_icl + beta soft_lm)

    Every label of `meta.options` is a completion of the same prompt. Its score is its tokens'
    log-probability, the end included (`label_score` sum), or that over its tokens (mean) or UTF-8
    bytes (byte); scores are normalised over the labels. hard_icl is -log p of the record's target,
    soft_icl the cross entropy (`divergence` ce) or KL to `meta.label_distribution`, at
    `temperature`. hard_lm is cross entropy over the tokens of the target, soft_lm over those of the
    completion, which the teacher wrote: all that a black box gives of its distribution over texts.
    Each is a mean over the rows, or the tokens, that have it, in every step and over a whole set.
    A record needs a target or a distribution. Of a distribution of which less than `min_mass` was
    seen on labels only the likeliest label is learned.

    a is `alpha_schedule` from `alpha_start` to `alpha_end` over the steps of the training. The
    curve's losses have the a of its end, so that they fall for no other reason than the student.
    With `student_prompt` query the student is asked without the demos that the teacher saw.
    """

    alpha_start: Share = 1.0
    alpha_end: Share = 0.0
    alpha_schedule: Schedule = "linear"
    beta: Annotated[float, Field(ge=0)] = 0.0
    temperature: Annotated[float, Field(gt=0)] = 1.0
    divergence: Divergence = "ce"
    label_score: Literal["sum", "mean", "byte"] = "sum"
    student_prompt: Literal["demos", "query"] = "demos"
    min_mass: Share = MIN_MASS
    terms: tuple[str, ...] = field(default=icl.TERMS, init=False)
    name: str = field(default="icl_distillation", init=False)

    @property
    def weights(self) -> tuple[float, ...]:
        return self.weights_at(1, 1)

    def weights_at(self, step: int, steps: int) -> tuple[float, ...]:
        now = icl.alpha(step, steps, self.alpha_schedule, self.alpha_start, self.alpha_end)
        return icl.term_weights(now, self.beta)

    def examples(
        self, tokenizer: Any, record: Record, eos_ids: Sequence[int]
    ) -> tuple[Example, ...]:
        """One example, of all labels; the last of its sequences is what the teacher wrote, where
        that is none of them and beta is above 0. Raises UserError for a record that does not fit.
        """
        options = _options(record)
        probs = _probs(record, options, self.min_mass)
        target = _target(record, options)
        if target is None and probs is None:
            raise _unfit(record, "has neither a target nor a meta.label_distribution")
        if self.student_prompt == "query":
            record = without_demos(record)
        texts = list(options)
        written = None
        if self.beta and (said := record.completion.strip()):
            texts += [] if said in options else [said]
            written = texts.index(said)
        parts = [encode(tokenizer, answered(record, text), eos_ids=eos_ids) for text in texts]
        lengths = {
            "sum": None,
            "mean": tuple(_predicted(part) for part in parts[: len(options)]),
            "byte": tuple(len(one.encode("utf-8", "surrogatepass")) for one in options),
        }[self.label_score]
        return (together(parts, Labels(len(options), target, probs, written, lengths)),)

    def check(self, rows: Sequence[Row]) -> dict[str, int]:
        """How many rows have a target, and how many a distribution. Raises UserError where none
        has what the loss is made of."""
        labels = [example.labels for row in rows for example in row if example.labels]
        hard = sum(one.target is not None for one in labels)
        soft = sum(one.probs is not None for one in labels)
        alphas = {self.weights_at(step, 1)[0] for step in (0, 1)}
        if not soft and alphas != {1.0}:
            raise UserError(
                "train.objective: icl_distillation learns the teacher's distribution over labels, "
                "and no row has one (meta.label_distribution); have the teacher label the rows, or "
                "set train.objective to icl_tuning"
            )
        if not hard and alphas != {0.0}:
            raise UserError(
                f"train.options: alpha_start is {self.alpha_start:g} and alpha_end "
                f"{self.alpha_end:g}, which weigh right labels, and no row has a target; set both "
                "to 0"
            )
        return {"hard_rows": hard, "soft_rows": soft}

    def counts(self, example: Example) -> tuple[int, int, int, int]:
        """What the example adds to the divisors: rows for ICL terms, tokens for LM terms."""
        labels, sequences = example.labels, example.sequences
        if labels is None:
            raise ValueError("an example without labels is none of icl_distillation's")
        target, written = labels.target, labels.written
        return (
            int(target is not None),
            int(labels.probs is not None),
            0 if target is None else _predicted(sequences[target]),
            0 if written is None else _predicted(sequences[written]),
        )

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """The sums (4,) of the terms, as `icl.TERMS` has them."""
        import torch

        from limbeck.trainers.head import token_logprobs

        labels = batch.labels
        if labels is None:
            raise ValueError("a batch without labels is none of icl_distillation's")
        sums = labels.spread(batch.sums(token_logprobs(model, batch)))  # (G, W)
        scores = icl.label_logprobs(sums.masked_fill(~labels.is_label, -math.inf), labels.lengths)
        has_target = labels.target >= 0
        hard = icl.hard_icl(scores, labels.target, has_target) * has_target.sum()
        soft = icl.soft_icl(
            scores,
            labels.probs,
            labels.has_probs,
            temperature=self.temperature,
            divergence=self.divergence,
        )
        texts = [-_at(sums, places).sum() for places in (labels.target, labels.written)]
        return torch.stack([hard, soft * labels.has_probs.sum(), *texts])


def _at(values: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Values (G, W) at one place each, 0 where that is -1."""
    return values.gather(-1, places.clamp(min=0)[:, None]).squeeze(-1) * (places >= 0)


def _predicted(example: Example) -> int:
    return sum(example.loss[1:])


def _options(record: Record) -> tuple[str, ...]:
    options = record.meta.get("options")
    if not isinstance(options, Sequence) or isinstance(options, str) or len(options) < 2:
        raise _unfit(record, "has less than two labels in meta.options")
    labels = tuple(one.strip() for one in options if isinstance(one, str) and one.strip())
    if len(labels) < len(options):
        raise _unfit(record, "has a label that is empty, or no text, in meta.options")
    if len(set(labels)) < len(labels):
        twice = next(one for one in labels if labels.count(one) > 1)
        raise _unfit(record, f"has the label {twice!r} twice in meta.options")
    return labels


def _target(record: Record, options: Sequence[str]) -> int | None:
    target = (record.target or "").strip()
    if not target:
        return None
    if target not in options:
        raise _unfit(record, f"has the target {target!r}, which is none of {_listed(options)}")
    return options.index(target)


def _probs(record: Record, options: Sequence[str], min_mass: float) -> tuple[float, ...] | None:
    """What to learn of the teacher's probabilities, in the order of the labels, which they sum to 1
    over; None where the record has none, or nothing that the teacher said is a label."""
    given = record.meta.get("label_distribution")
    if given is None:
        return None
    named = _measured(record, given, min_mass) if _is_measured(given) else _stated(record, given)
    if not named:
        return None
    if sorted(named) != sorted(options):
        raise _unfit(
            record,
            f"has the teacher's probabilities of {_listed(sorted(named))}, and the labels are "
            f"{_listed(options)}",
        )
    values = [named[label] for label in options]
    fine = all(isinstance(one, int | float) and 0 <= one < math.inf for one in values)
    if not fine or not (total := math.fsum(values)):
        raise _unfit(record, f"has probabilities of its labels that are none: {values}")
    return tuple(value / total for value in values)


def _is_measured(given: Any) -> bool:
    """Whether it is a LabelDistribution, which says how much of it was seen."""
    return isinstance(given, Mapping) and "observed_mass" in given


def _measured(record: Record, given: Any, min_mass: float) -> dict[str, float]:
    try:
        found = LabelDistribution.of_json(given)
    except ValueError as error:
        raise _unfit(record, f"has a meta.label_distribution that is none ({error})") from error
    if found.why_unusable():
        return {}
    return {label.strip(): value for label, value in found.targets(min_mass).items()}


def _stated(record: Record, given: Any) -> dict[str, Any]:
    """Probabilities by label, a mapping or a list beside that of the `labels`: somebody's own, who
    vouches for them. All on the likeliest label where `hard_because` says why."""
    found = given.get("probabilities") if isinstance(given, Mapping) else None
    labels = given.get("labels") if isinstance(given, Mapping) else None
    if isinstance(found, Mapping):
        labels, found = tuple(found), tuple(found.values())
    if not _is_list(found) or not _is_list(labels) or len(found) != len(labels):
        raise _unfit(record, "has a meta.label_distribution without probabilities of labels")
    named = {str(label).strip(): value for label, value in zip(labels, found, strict=True)}
    numbers = all(isinstance(value, int | float) for value in found)
    if given.get("hard_because") and numbers and math.fsum(found) > 0:
        best = max(named, key=named.__getitem__)
        return {label: float(label == best) for label in named}
    return named


def _is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _listed(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - 10} more" if len(labels) > 10 else ""
    return ", ".join(map(repr, labels[:10])) + more


def _unfit(record: Record, what: str) -> UserError:
    return UserError(
        f"train.objective: icl_distillation scores a record's labels, and the record {record.id} "
        f"{what}; mend it, or set train.objective to icl_tuning"
    )
