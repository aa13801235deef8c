"""The retriever's losses on a batch, computed again in numpy from the same vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from limbeck.demos import Demo
from limbeck.demos.learned import document
from limbeck.progress import Quiet
from limbeck.trainers.retriever.biencoder import ranked, train_vectors
from limbeck.trainers.retriever.examples import Example, group
from limbeck.trainers.retriever.settings import Settings
from limbeck.trainers.retriever.tasks import Task

DRAWS = np.random.Generator(np.random.PCG64(8))
POOL = tuple(Demo(f"d{n}", "t", f"demo {n} 猫", "y") for n in range(9))
NEAR = {"d0": frozenset({"d0", "d8"}), "d1": frozenset({"d1"}), "d2": frozenset({"d2"})}
TASK = Task("t", POOL, (), NEAR)
EVERY = [
    Example(POOL[n], tuple(POOL[3:8]), DRAWS.normal(0, 1, 5)) for n in range(2)
] + [Example(POOL[2], (POOL[8], POOL[0], POOL[4]), DRAWS.normal(0, 1, 3))]  # fmt: skip
TEMPERATURE = 0.2


class Table(nn.Module):
    """A vector for each text."""

    def __init__(self) -> None:
        super().__init__()
        texts = [text for demo in POOL for text in (demo.input, document(demo))]
        self.place = {text: n for n, text in enumerate(texts)}
        start = np.random.Generator(np.random.PCG64(2)).normal(0, 1, (len(texts), 6))
        self.table = nn.Parameter(torch.tensor(start))

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        return self.table[[self.place[text] for text in texts]]

    def frozen(self) -> Table:
        return self

    def encode(self, texts: Sequence[str], /) -> Any:
        return self(texts).detach().float().numpy()

    def cosine(self, query: Demo, demo: Demo) -> float:
        one, other = (v.double().numpy() for v in self([query.input, document(demo)]).detach())
        return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def run(table: Table, *, epochs: int = 1, rate: float = 1e-12, **options: Any) -> list[Any]:
    settings = Settings(group=3, **options)
    batches = [[EVERY] for _ in range(epochs)]
    with Quiet().stage("t", "steps") as bar:
        return train_vectors(table, [TASK], batches, settings, rate, TEMPERATURE, 1, bar)


def expected() -> tuple[float, float]:
    """KL and InfoNCE of the batch, by loops in float64."""
    table, kl, nce = Table(), 0.0, 0.0
    drawn = [group(one, 3, 0, 1, 0).tolist() for one in EVERY]
    pairs = zip(EVERY, drawn, strict=True)
    shown = {one.demos[place] for one, places in pairs for place in places}
    for one, places in zip(EVERY, drawn, strict=True):
        demos = [one.demos[n] for n in places]
        p = np.exp(one.scores[places])
        p /= p.sum()
        q = np.exp([table.cosine(one.row, demo) / TEMPERATURE for demo in demos])
        q /= q.sum()
        kl += float((p * np.log(p / q)).sum()) / 3
        half = sorted(range(len(one.demos)), key=lambda n: -one.scores[n])[: len(one.demos) // 2]
        barred = NEAR[one.row.id] | {one.demos[n].id for n in half}
        others = [demo for demo in shown if demo.id not in barred and demo != demos[0]]
        assert others
        values = np.exp([table.cosine(one.row, demo) / TEMPERATURE for demo in (demos[0], *others)])
        nce -= float(np.log(values[0] / values.sum())) / 3
    return kl, nce


def test_both_losses_are_those_of_the_batch() -> None:
    kl, nce = expected()
    [curve] = run(Table(), kl=0.7, contrastive=0.4)
    assert curve["kl"] == pytest.approx(kl, abs=1e-5)
    assert curve["contrastive"] == pytest.approx(nce, abs=1e-5)
    assert curve["loss"] == pytest.approx(0.7 * kl + 0.4 * nce, abs=1e-5)


def test_a_loss_of_weight_0_is_not_there() -> None:
    kl, nce = expected()
    [only] = run(Table(), contrastive=0)
    assert only == {"loss": pytest.approx(kl, abs=1e-5), "kl": pytest.approx(kl, abs=1e-5)}
    [other] = run(Table(), kl=0, contrastive=1)
    assert other == {
        "loss": pytest.approx(nce, abs=1e-5),
        "contrastive": pytest.approx(nce, abs=1e-5),
    }


def test_the_rewards_ranking_is_learned() -> None:
    table = Table()
    sharp = [one._replace(scores=5 * one.scores) for one in EVERY]
    settings = Settings(group=5, contrastive=0)
    with Quiet().stage("t", "steps") as bar:
        train_vectors(table, [TASK], [[sharp]] * 150, settings, 0.05, TEMPERATURE, 1, bar)
    for one, order in zip(sharp, ranked(table, sharp), strict=True):
        assert order.tolist()[0] == int(np.argmax(one.scores))
