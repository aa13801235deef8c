"""n-grams with vectors from scratch: a bag of them as encoder, a small network as reward model.

All of it stays on the CPU, where it is trained in seconds and the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from limbeck.demos import Demo, Encoder
from limbeck.demos.learned import document
from limbeck.encoders import ABOUT, BagShape, NgramBag
from limbeck.encoders.ngram_bag import Floats32
from limbeck.store import fresh_folder
from limbeck.trainers.retriever.backbones import Pace

HIDDEN = 64


class NgramBackbone:
    """`seed` draws the vectors that both models begin with; `rows` are those that are trained on,
    which tell what is rare."""

    pace = Pace(10, 2e-2)
    judge_pace = Pace(10, 1e-2)
    temperature = 0.1

    def __init__(self, rows: Sequence[Demo], *, seed: int, shape: BagShape | None = None) -> None:
        self.shape = shape or BagShape()
        documents = [document(row) for row in rows]
        texts = [text for row in rows for text in (row.input, row.output)]
        rarity = self.shape.rarity(documents)
        self._grams = _Grams(self.shape, rarity, [*documents, *texts])
        self._seed = seed
        self.about: dict[str, Any] = {"kind": "ngrams", **asdict(self.shape)}

    def vectors(self) -> BagVectors:
        return BagVectors(self._grams, self.shape.drawn("encoder", self._seed))

    def judge(self, *, sees_target: bool) -> BagJudge:
        return BagJudge(self._grams, self.shape.drawn("judge", self._seed), sees_target)

    def save(self, encoder: Encoder, folder: Path, about: str) -> None:
        """Raises UserError where the folder cannot be written."""
        with fresh_folder(folder) as draft:
            cast(NgramBag, encoder).save(draft)
            (draft / ABOUT).write_text(about, encoding="utf-8")


class _Grams:
    """The n-grams of the texts that are trained on, taken once for each. `used` are the buckets
    that they fall into, rising, (U,): no other has a gradient."""

    def __init__(self, shape: BagShape, rarity: Floats32, texts: Iterable[str]) -> None:
        self.shape = shape
        self.rarity = rarity
        known = {text: shape.grams(text, rarity) for text in dict.fromkeys(texts)}
        self.used = np.unique(np.concatenate([grams.buckets for grams in known.values()]))
        self._known = {
            text: (
                torch.from_numpy(np.searchsorted(self.used, grams.buckets)),
                torch.from_numpy(grams.weights),
            )
            for text, grams in known.items()
        }

    def __call__(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Of all texts the places among `used` and the weights, one after another, and where each
        text begins, (N,)."""
        found = [self._known[text] for text in texts]
        sizes = torch.tensor([0, *(len(places) for places, _ in found)])
        places, weights = zip(*found, strict=True)
        return torch.cat(places), torch.cat(weights), sizes.cumsum(0)[:-1]


class BagVectors(nn.Module):
    """`NgramBag` with gradients, for texts that are trained on."""

    def __init__(self, grams: _Grams, start: Floats32) -> None:
        super().__init__()
        self._grams = grams
        self._start = start
        self.table = nn.Parameter(torch.from_numpy(start[grams.used]))

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        places, weights, begins = self._grams(texts)
        return F.embedding_bag(places, self.table, begins, mode="sum", per_sample_weights=weights)

    def frozen(self) -> NgramBag:
        whole = self._start.copy()
        whole[self._grams.used] = self.table.detach().numpy()
        return NgramBag(self._grams.shape, whole, self._grams.rarity)


class BagJudge(nn.Module):
    """A reward from what the four texts have in common: query, target, and the demo's input and
    output. For each pair of one and the other the product of the vectors, number by number, and
    the cosine; a hidden layer over all. Without the target two pairs are left."""

    def __init__(self, grams: _Grams, start: Floats32, sees_target: bool) -> None:
        super().__init__()
        self._bag = BagVectors(grams, start)
        self._sees_target = sees_target
        pairs = 4 if sees_target else 2
        self._hidden = nn.Linear(pairs * (start.shape[1] + 1), HIDDEN)
        self._out = nn.Linear(HIDDEN, 1)

    def forward(self, rows: Sequence[Demo], demos: Sequence[Demo]) -> torch.Tensor:
        asked = [self._of([row.input for row in rows])]
        if self._sees_target:
            asked.append(self._of([row.output for row in rows]))
        shown = [self._of([demo.input for demo in demos]), self._of([d.output for d in demos])]
        parts = []
        for one in asked:
            for other in shown:
                product = one * other
                # Products of vectors of length 1 are small: scaled, they are about as large as
                # the cosine that they add up to.
                parts += [product * product.shape[1] ** 0.5, product.sum(-1, keepdim=True)]
        rewards: torch.Tensor = self._out(F.gelu(self._hidden(torch.cat(parts, -1)))).squeeze(-1)
        return rewards

    def _of(self, texts: Sequence[str]) -> torch.Tensor:
        unique = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        vectors = F.normalize(self._bag(list(unique)), dim=-1)
        return vectors[torch.tensor([unique[text] for text in texts])]
