"""The reward model: learns from the scorer's ranking what makes a demo good; may see the target.

It smooths the scorer's numbers, which are noisy for a single row (LLM-R, section 3.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from limbeck.progress import Bar
from limbeck.trainers.retriever.backbones import Judge, Pace
from limbeck.trainers.retriever.examples import Example, Floats, batches, contrast
from limbeck.trainers.retriever.losses import first_of
from limbeck.trainers.retriever.settings import Settings
from limbeck.trainers.retriever.training import Losses, padded, trained

JUDGED = 64  # pairs judged in one go


def judge_epochs(examples: Sequence[Example], settings: Settings, pace: Pace, turn: int) -> Any:
    """The batches of every epoch; `turn` is the round's number."""
    epochs = settings.reward_epochs or pace.epochs
    key = (settings.seed, "reward", turn)
    return [batches(examples, settings.batch, *key, epoch) for epoch in range(epochs)]


def train_judge(
    judge: Judge,
    examples: Sequence[Example],
    epochs: Sequence[Sequence[Sequence[Example]]],
    settings: Settings,
    rate: float,
    turn: int,
    bar: Bar,
) -> list[dict[str, float]]:
    """Train in place: one candidate from the scorer's top shall be told from others of its lower
    half. Returns the mean loss of every epoch."""

    def losses(batch: Sequence[Example], epoch: int) -> Losses:
        drawn = [contrast(e, settings.group, settings.seed, turn, epoch) for e in batch]
        pairs = [
            (example.row, example.demos[place])
            for example, places in zip(batch, drawn, strict=True)
            for place in places.tolist()
        ]
        rewards = judge([row for row, _ in pairs], [demo for _, demo in pairs])
        _, real = padded(drawn, settings.group)
        real = real.to(rewards.device)
        logits = torch.zeros(real.shape, device=rewards.device)
        logits[real] = rewards
        return {"loss": first_of(logits, real)}

    return trained(judge, epochs, losses, rate=rate, bar=bar)


@torch.no_grad()
def judged(judge: Judge, examples: Sequence[Example]) -> list[Floats]:
    """The rewards of every example's candidates, (n,) each."""
    pairs = [(example.row, demo) for example in examples for demo in example.demos]
    found: list[float] = []
    for start in range(0, len(pairs), JUDGED):
        part = pairs[start : start + JUDGED]
        rewards = judge([row for row, _ in part], [demo for _, demo in part])
        found += rewards.double().cpu().tolist()
    ends = np.cumsum([len(example.demos) for example in examples])[:-1]
    return np.split(np.array(found), ends)
