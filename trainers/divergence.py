"""How far a student's distribution is from a teacher's, of which only the likeliest are known.

Both are taken over the same K + 1 outcomes: the K tokens that the teacher named, and one for all
the others together. So no probability is made up for a token that the teacher did not name, and a
divergence of these, at temperature 1, is a lower bound of the one over the whole vocabulary (data
processing). It is DistillKit's `symmetric_uniform` missing probability (Arcee, 2024): spread evenly
over the same tokens on both sides, the rest cancels down to one outcome.

Arrays are log-probabilities in nats, -inf where there is no value.
"""

from __future__ import annotations

from typing import Literal

import torch

Kind = Literal["forward", "reverse", "jsd"]
LEAST_REST = 1e-6  # of the teacher's probability: its values are known to six decimals


def teacher_outcomes(logprobs: torch.Tensor) -> torch.Tensor:
    """(N, K) of the tokens that the teacher named to (N, K + 1) with the rest, which sum to 1.

    The rest is never less than LEAST_REST: rounding can make it nothing, or less.
    """
    log_known = logprobs.logsumexp(-1, keepdim=True)
    rest = (-torch.expm1(log_known)).clamp(min=LEAST_REST).log()
    return torch.cat([logprobs, rest], -1).log_softmax(-1)


def student_outcomes(
    logits: torch.Tensor, ids: torch.Tensor, known: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (N, V) to log-probabilities (N, K + 1) of the tokens `ids` (N, K) and of the rest, and
    the logsumexp (N,) of all logits.

    `ids` where `known` (N, K) is true are distinct within a row; the others are left out. The rest
    is summed over its own tokens: 1 minus the others would lose it where it is small.
    """
    first = ids.gather(-1, known.int().argmax(-1, keepdim=True))
    places = torch.where(known, ids, first)
    is_named = known.any(-1, keepdim=True).expand_as(places)
    is_named = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, places, is_named)
    rest = logits.masked_fill(is_named, -torch.inf).logsumexp(-1, keepdim=True)
    named = logits.gather(-1, places).masked_fill(~known, -torch.inf)
    outcomes = torch.cat([named, rest], -1)
    total = outcomes.logsumexp(-1, keepdim=True)
    return outcomes - total, total.squeeze(-1)


def divergence(
    teacher: torch.Tensor,
    student: torch.Tensor,
    kind: Kind = "forward",
    *,
    temperature: float = 1.0,
    beta: float = 0.5,
) -> torch.Tensor:
    """The divergence (N,) of two distributions (N, B) over the same outcomes, in nats.

    With p the teacher's and q the student's, each raised to 1 / temperature and normalised:

        forward   KL(p || q) = sum p (log p - log q)                       Hinton et al. 2015
        reverse   KL(q || p)                             MiniLLM, Gu et al. 2024, arXiv:2306.08543
        jsd       beta KL(p || m) + (1 - beta) KL(q || m),  m = beta p + (1 - beta) q
                                                    GKD, Agarwal et al. 2024, arXiv:2306.13649

    The temperature acts on the outcomes, on both sides alike: the teacher's rest is no token whose
    probability could be raised on its own. Outcomes that are -inf for the teacher are left out.
    """
    known = teacher > -torch.inf
    p, q = _tempered(teacher, temperature), _tempered(student, temperature)
    p, q = p.masked_fill(~known, 0.0), q.masked_fill(~known, 0.0)
    if kind == "forward":
        return _kl(p, q, known)
    if kind == "reverse":
        return _kl(q, p, known)
    weights = torch.tensor([beta, 1 - beta], dtype=p.dtype, device=p.device).log()
    m = torch.logaddexp(p + weights[0], q + weights[1])
    return beta * _kl(p, m, known) + (1 - beta) * _kl(q, m, known)


def _tempered(logprobs: torch.Tensor, temperature: float) -> torch.Tensor:
    return logprobs if temperature == 1 else (logprobs / temperature).log_softmax(-1)


def _kl(a: torch.Tensor, b: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    return (a.exp() * (a - b) * known).sum(-1)
