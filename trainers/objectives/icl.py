"""In-context learning distillation (Huang et al. 2022, arXiv:2212.10670): its losses as pure
functions of tensors.

Hard terms learn what is right, soft terms what the teacher thinks; ICL terms are over the labels of
a row, LM terms over the tokens of a text:

    L = alpha(t) (L_hard_icl + beta L_hard_lm) + (1 - alpha(t)) (L_soft_icl + beta L_soft_lm)

The paper's terms are sums; these are means over labelled rows and over unmasked tokens, so that
alpha and beta mean the same whatever the number of rows and their length. A mean over nothing is 0,
with a gradient of 0: a batch in which nothing is labelled teaches nothing, and breaks nothing.

Everything is computed in float32, or in float64 where that is given. A mask is true (or not 0)
where something counts; what lies where it is false may be anything, NaN and infinities included,
and gets a gradient of 0. Nats throughout. Wrong shapes raise ValueError.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, get_args

from limbeck.errors import UserError

if TYPE_CHECKING:  # nothing here needs the module itself, and a recipe's options are read without
    import torch

Schedule = Literal["linear", "cosine", "constant"]
Divergence = Literal["ce", "kl"]
TERMS = ("hard_icl", "soft_icl", "hard_lm", "soft_lm")


class ScheduleError(UserError, ValueError):
    """A schedule that there is not."""


def alpha(
    step: float,
    total: float,
    schedule: str = "linear",
    start: float = 1.0,
    end: float = 0.0,
) -> float:
    """The weight of the hard terms at `step` of `total`; 1 minus it is that of the soft ones.

    `start` at step 0 and before, `end` at step `total` and after: steps are counted from 0, so the
    last one of a training, `total` - 1, is one step short of `end`. A training of no steps has
    not begun at step 0 and is over after. In between, with s = step / total:

        linear      start + (end - start) s
        cosine      start + (end - start) (1 - cos(pi s)) / 2
        constant    start

    Never outside of [start, end], nor of [0, 1]. Raises ScheduleError, which is a UserError and
    a ValueError, for another schedule.
    """
    known = get_args(Schedule)
    if schedule not in known:
        raise ScheduleError(f"unknown schedule {schedule!r}; known are {', '.join(known)}")
    share = 0.0 if step <= 0 else 1.0 if step >= total else step / total
    if schedule == "cosine":
        share = (1 - math.cos(math.pi * share)) / 2
    elif schedule == "constant":
        share = 0.0
    value = (1 - share) * start + share * end  # exact at both ends
    value = min(max(value, min(start, end)), max(start, end))
    return min(max(value, 0.0), 1.0)


def term_weights(alpha: float, beta: float) -> tuple[float, float, float, float]:
    """The weights of hard_icl, soft_icl, hard_lm and soft_lm in L. Raises ValueError for an alpha
    outside of [0, 1] and for a negative beta."""
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be within 0 and 1, got {alpha!r}")
    if not 0 <= beta < math.inf:
        raise ValueError(f"beta must be 0 or more, got {beta!r}")
    return alpha, 1 - alpha, alpha * beta, (1 - alpha) * beta


def label_logprobs(sums: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
    """The student's log-probabilities (N, C) of a row's C labels, which sum to 1.

    `sums` (N, C) are the log-probabilities of the whole label strings; -inf for a label that a
    row with fewer of them has not. They are taken as they are, or divided by `lengths` (N, C):
    tokens for the mean of a token, UTF-8 bytes for that of a byte. Every row needs a label.
    """
    sums = _wide(sums)
    if lengths is not None:
        _same("lengths", lengths, "sums", sums)
        sums = sums / lengths.clamp(min=1)
    return sums.log_softmax(-1)


def hard_icl(
    label_logprobs: torch.Tensor, target: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """The mean of -log p(target) over rows: log-probabilities (N, C), normalised over the labels,
    and the right ones' places (N,). `mask` (N,) says which rows have a right one."""
    logs, target = _chosen(label_logprobs, mask), _chosen(target, mask)
    if logs.shape[:-1] != target.shape:
        raise ValueError(_shapes("target", target, "label_logprobs", logs))
    return _mean(-_at(_wide(logs), target))


def soft_icl(
    label_logprobs: torch.Tensor,
    teacher_probs: torch.Tensor,
    mask: torch.Tensor | None = None,
    *,
    temperature: float = 1.0,
    divergence: str = "ce",
) -> torch.Tensor:
    """The mean over rows of -sum_c p_T(c) log p_S(c): the student's log-probabilities (N, C) and
    the teacher's probabilities (N, C), each normalised over the labels.

    A label of no probability for the teacher counts 0, also where it is -inf for the student.
    With `temperature` T both are raised to 1 / T and normalised again, and the loss is T^2 times
    as large, which keeps the gradients' size (Hinton et al. 2015). `divergence` kl subtracts the
    teacher's entropy, which is no matter of the student: the same gradient, and 0 where they
    agree. `mask` (N,) says which rows have a teacher's distribution. No gradient for the teacher.
    """
    _same("teacher_probs", teacher_probs, "label_logprobs", label_logprobs)
    student = _wide(_chosen(label_logprobs, mask))
    teacher = _wide(_chosen(teacher_probs, mask).detach())
    if temperature != 1:
        student = (student / temperature).log_softmax(-1)
        teacher = (teacher.log() / temperature).softmax(-1)
    return temperature**2 * _mean(_apart(teacher, student, divergence))


def hard_lm(logits: torch.Tensor, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean of -log p(token) over unmasked places: logits (B, T, V), and tokens and mask (B, T).

    `logits[:, t]` predicts `tokens[:, t]`: whoever has a model's logits and ids shifts them.
    """
    if logits.shape[:-1] != tokens.shape:
        raise ValueError(_shapes("tokens", tokens, "logits", logits))
    return _mean(-_at(_wide(_chosen(logits, mask)).log_softmax(-1), _chosen(tokens, mask)))


def soft_lm(
    student_logits: torch.Tensor,
    teacher_logits: torch.Tensor,
    mask: torch.Tensor,
    *,
    temperature: float = 1.0,
    divergence: str = "ce",
) -> torch.Tensor:
    """The mean over unmasked places of -sum_v p_T(v) log p_S(v) over the whole vocabulary: logits
    (B, T, V) of both, mask (B, T). Temperature and divergence as in `soft_icl`; no gradient for
    the teacher.

    It needs a teacher's logits over the student's vocabulary. Of a black box there are none, and
    `hard_lm` on texts that the teacher wrote takes its place: by sampling, the same in the mean.
    """
    _same("teacher_logits", teacher_logits, "student_logits", student_logits)
    student = _wide(_chosen(student_logits, mask)) / temperature
    teacher = _wide(_chosen(teacher_logits, mask).detach()) / temperature
    found = _apart(teacher.softmax(-1), student.log_softmax(-1), divergence)
    return temperature**2 * _mean(found)


def icl_distillation(
    hard_icl: torch.Tensor | None,
    soft_icl: torch.Tensor | None,
    hard_lm: torch.Tensor | None = None,
    soft_lm: torch.Tensor | None = None,
    *,
    alpha: float,
    beta: float = 0.0,
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """L, and its terms by name, without gradient, as they are before weighting.

    A term that is None is left out, and so is one of weight 0: an infinite one would make NaN of
    it. Raises ValueError where none is left, and what `term_weights` raises.
    """
    weights = term_weights(alpha, beta)
    given = dict(zip(TERMS, (hard_icl, soft_icl, hard_lm, soft_lm), strict=True))
    terms = {name: term.detach() for name, term in given.items() if term is not None}
    parts = [
        weight * term
        for weight, term in zip(weights, given.values(), strict=True)
        if weight and term is not None
    ]
    if not parts:
        raise ValueError(f"no term is left with alpha {alpha:g} and beta {beta:g}")
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total, terms


def _wide(values: torch.Tensor) -> torch.Tensor:
    """As float32; float64 stays."""
    return values if values.element_size() == 8 else values.float()


def _chosen(values: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """Where the mask is true, one after another. Chosen before anything is computed: a product
    with 0 would not rid a gradient of NaN."""
    if mask is None:
        return values
    if values.shape[: mask.dim()] != mask.shape:
        raise ValueError(_shapes("mask", mask, "what it masks", values))
    return values[mask.bool()]


def _at(logs: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    return logs.gather(-1, places.long().unsqueeze(-1)).squeeze(-1)


def _apart(teacher: torch.Tensor, student: torch.Tensor, divergence: str) -> torch.Tensor:
    """Cross entropy or KL of probabilities and log-probabilities, over the last dimension."""
    if divergence not in get_args(Divergence):
        known = ", ".join(get_args(Divergence))
        raise ValueError(f"unknown divergence {divergence!r}; known are {known}")
    found = -(teacher * student.masked_fill(teacher == 0, 0.0)).sum(-1)
    return found if divergence == "ce" else found + teacher.xlogy(teacher).sum(-1)


def _mean(values: torch.Tensor) -> torch.Tensor:
    return values.sum() / max(1, values.numel())


def _same(name: str, one: torch.Tensor, other_name: str, other: torch.Tensor) -> None:
    if one.shape != other.shape:
        raise ValueError(_shapes(name, one, other_name, other))


def _shapes(name: str, one: torch.Tensor, other_name: str, other: torch.Tensor) -> str:
    return (
        f"{name} of shape {tuple(one.shape)} does not go with {other_name} of shape "
        f"{tuple(other.shape)}"
    )
