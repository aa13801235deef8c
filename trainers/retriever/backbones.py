"""What a retriever and its reward model are made of: n-grams from scratch, or a model's weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from limbeck.demos import Demo, Encoder
from limbeck.encoders import NGRAMS
from limbeck.models import parse_model

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Pace:
    """How a model is trained where the settings do not say: epochs over all rows, and the rate."""

    epochs: int
    rate: float


class Vectors(Protocol):
    """A torch module: texts in, vectors (N, D) out, with gradients. `frozen` is the encoder that it
    is now."""

    def __call__(self, texts: Sequence[str], /) -> torch.Tensor: ...
    def frozen(self) -> Encoder: ...


class Judge(Protocol):
    """A torch module: rows and a demo for each in, rewards (N,) out, with gradients."""

    def __call__(self, rows: Sequence[Demo], demos: Sequence[Demo], /) -> torch.Tensor: ...


class Backbone(Protocol):
    """Makes both models anew, in torch's random state as it is. `about` is for retriever.json;
    paces and temperature are for settings that do not say."""

    about: dict[str, Any]
    pace: Pace
    judge_pace: Pace
    temperature: float

    def vectors(self) -> Vectors: ...
    def judge(self, *, sees_target: bool) -> Judge: ...
    def save(self, encoder: Encoder, folder: Path, about: str) -> None: ...


def backbone(name: str, rows: Sequence[Demo], *, seed: int) -> Backbone:
    """The backbone of an encoder's name for training on these rows. Raises ModelError,
    MissingExtra."""
    if name == NGRAMS:
        from limbeck.trainers.retriever.ngrams import NgramBackbone

        return NgramBackbone(rows, seed=seed)
    from limbeck.trainers.retriever.tuned import ModelBackbone

    return ModelBackbone(parse_model(name))
