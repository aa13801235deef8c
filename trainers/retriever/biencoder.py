"""The retriever: queries near the documents that the rewards praise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from limbeck.demos import Encoder, Remembered
from limbeck.demos.learned import document
from limbeck.demos.vectors import Vectors as Compared
from limbeck.progress import Bar
from limbeck.trainers.retriever.backbones import Vectors
from limbeck.trainers.retriever.examples import Example, Ints, group
from limbeck.trainers.retriever.losses import cosines, distilled, info_nce
from limbeck.trainers.retriever.settings import Settings
from limbeck.trainers.retriever.tasks import Task
from limbeck.trainers.retriever.training import Losses, padded, trained


def train_vectors(
    module: Vectors,
    tasks: Sequence[Task],
    epochs: Sequence[Sequence[Sequence[Example]]],
    settings: Settings,
    rate: float,
    temperature: float,
    turn: int,
    bar: Bar,
) -> list[dict[str, float]]:
    """Train in place on examples whose scores are rewards: KL over a row's own candidates, and
    InfoNCE over those of all rows of the batch. Returns the mean of both, epoch by epoch; one
    whose weight is 0 is not computed."""
    near = {name: ids for task in tasks for name, ids in task.near.items()}

    def barred(example: Example) -> frozenset[str]:
        """What is no negative: the row and its copies, and candidates that are good for it."""
        better = np.setdiff1d(np.arange(len(example.demos)), example.lower)
        return near[example.row.id] | {example.demos[place].id for place in better.tolist()}

    def losses(batch: Sequence[Example], epoch: int) -> Losses:
        drawn = [group(e, settings.group, settings.seed, turn, epoch) for e in batch]
        shown = [
            [example.demos[place] for place in places.tolist()]
            for example, places in zip(batch, drawn, strict=True)
        ]
        unique = list(dict.fromkeys(demo for demos in shown for demo in demos))
        place_of = {demo: place for place, demo in enumerate(unique)}
        queries = module([example.row.input for example in batch])
        documents = module([document(demo) for demo in unique])
        cosine = cosines(queries, documents)
        found_at = [[place_of[demo] for demo in demos] for demos in shown]
        places, real = padded(found_at, settings.group)
        device = cosine.device
        found: Losses = {}
        if settings.kl:
            rewards, _ = padded(
                [e.scores[places] for e, places in zip(batch, drawn, strict=True)], settings.group
            )
            own = cosine.gather(1, places.to(device))
            found["kl"] = distilled(rewards.float().to(device), own, real.to(device), temperature)
        if settings.contrastive:
            allowed = torch.tensor(
                [[demo.id not in ids for demo in unique] for ids in map(barred, batch)],
                device=device,
            )
            found["contrastive"] = info_nce(cosine, places[:, 0].to(device), allowed, temperature)
        weights = {"kl": settings.kl, "contrastive": settings.contrastive}
        total = sum(weights[name] * value for name, value in found.items())
        return {"loss": torch.as_tensor(total), **found}

    return trained(module, epochs, losses, rate=rate, bar=bar)


def ranked(encoder: Encoder, examples: Sequence[Example]) -> list[Ints]:
    """The places of each example's candidates as the encoder ranks them, the best first."""
    remembered = Remembered(encoder)
    demos = (demo for example in examples for demo in example.demos)
    remembered.encode([*map(document, demos), *(example.row.input for example in examples)])
    found = []
    for example in examples:
        vectors = Compared([document(demo) for demo in example.demos], remembered)
        found.append(np.argsort(-vectors.cosines(example.row.input), kind="stable"))
    return found
