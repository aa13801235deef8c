"""The three losses as functions of numbers: means over the rows of a batch, in nats."""

from __future__ import annotations

import torch
import torch.nn.functional as F

_NEVER = -1e9  # a logit whose share is 0; minus infinity would make gradients NaN


def cosines(queries: torch.Tensor, documents: torch.Tensor) -> torch.Tensor:
    """The cosine of each query with each document, (B, N), from vectors (B, D) and (N, D)."""
    return F.normalize(queries, dim=-1) @ F.normalize(documents, dim=-1).T


def first_of(logits: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """The cross entropy of a softmax in which the first of each row should win, from logits (B, G);
    `real`, (B, G), says which are there. LLM-R's loss of the reward model."""
    shares = logits.masked_fill(~real, _NEVER).log_softmax(-1)
    return -shares[:, 0].mean()


def distilled(
    rewards: torch.Tensor, cosine: torch.Tensor, real: torch.Tensor, temperature: float
) -> torch.Tensor:
    """KL(softmax(rewards) || softmax(cosine / temperature)), both (B, G), over what is `real`
    (LLM-R, section 3.4)."""
    wanted = rewards.masked_fill(~real, _NEVER).log_softmax(-1)
    found = (cosine / temperature).masked_fill(~real, _NEVER).log_softmax(-1)
    apart = wanted.exp() * (wanted - found)
    return apart.masked_fill(~real, 0.0).sum(-1).mean()


def info_nce(
    cosine: torch.Tensor, positive: torch.Tensor, allowed: torch.Tensor, temperature: float
) -> torch.Tensor:
    """InfoNCE (van den Oord et al. 2018): -ln of the share of each row's positive, (B,) places,
    among it and all that is `allowed`, (B, N), by exp(cosine / temperature)."""
    of_row = torch.arange(len(positive), device=cosine.device)
    counted = allowed.clone()
    counted[of_row, positive] = True
    shares = (cosine / temperature).masked_fill(~counted, _NEVER).log_softmax(-1)
    return -shares[of_row, positive].mean()
