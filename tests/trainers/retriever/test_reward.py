"""The reward model: its loss is that of the drawn candidates, and it learns a ranking."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn

from limbeck.demos import Demo
from limbeck.progress import Quiet
from limbeck.trainers.retriever.backbones import Pace
from limbeck.trainers.retriever.examples import Example, contrast
from limbeck.trainers.retriever.reward import judge_epochs, judged, train_judge
from limbeck.trainers.retriever.settings import Settings


class Lengths(nn.Module):
    """A judge of one number: how much a demo's length in characters counts."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.25]))

    def forward(self, rows: Sequence[Demo], demos: Sequence[Demo]) -> torch.Tensor:
        return self.weight * torch.tensor([float(len(demo.input)) for demo in demos])


def examples(count: int = 5) -> list[Example]:
    """Shorter demos are better; the last example has fewer of them."""
    made = []
    for n in range(count):
        demos = tuple(Demo(f"{n}-{m}", "t", "猫" * (1 + m), "y") for m in range(6 if n < 4 else 3))
        made.append(
            Example(Demo(f"{n}", "t", "x", "y"), demos, -np.arange(len(demos), dtype=float))
        )
    return made


def test_the_first_loss_is_that_of_the_drawn_candidates() -> None:
    settings = Settings(group=3, reward_epochs=1, batch=8)
    every = examples()
    epochs = judge_epochs(every, settings, Pace(9, 1.0), 1)
    assert [len(batches) for batches in epochs] == [1]
    expected = 0.0
    for one in every:
        lengths = [len(one.demos[n].input) for n in contrast(one, 3, settings.seed, 1, 0)]
        shares = np.exp(0.25 * np.array(lengths, float))
        expected -= float(np.log(shares[0] / shares.sum())) / len(every)
    judge = Lengths()
    with Quiet().stage("r", "steps") as bar:
        [curve] = train_judge(judge, every, epochs, settings, 1e-9, 1, bar)
    assert curve["loss"] == pytest.approx(expected, abs=1e-5)


def test_the_ranking_is_learned() -> None:
    settings = Settings(group=4, batch=2)
    every = examples()
    judge = Lengths()
    epochs = judge_epochs(every, settings, Pace(30, 1.0), 1)
    assert len(epochs) == 30
    with Quiet().stage("r", "steps") as bar:
        curve = train_judge(judge, every, epochs, settings, 0.1, 1, bar)
    assert judge.weight.item() < -0.5
    assert curve[-1]["loss"] < 0.3 < 1 < curve[0]["loss"]
    rewards = judged(judge, every)
    assert [len(found) for found in rewards] == [6, 6, 6, 6, 3]
    for one, found in zip(every, rewards, strict=True):
        assert found.tolist() == pytest.approx(
            [judge.weight.item() * len(demo.input) for demo in one.demos], rel=1e-5
        )
        assert np.argmax(found) == 0
