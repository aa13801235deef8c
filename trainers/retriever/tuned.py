"""A model's weights, fine-tuned: averaged hidden states as encoder, a cross-encoder as judge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from limbeck.demos import Demo, Encoder
from limbeck.demos.learned import document
from limbeck.encoders import ABOUT
from limbeck.encoders.pooled import Pooled, mean_pooled, window
from limbeck.hf import Loaded, load_encoder, save
from limbeck.models import ModelName, fingerprint
from limbeck.trainers.retriever.backbones import Pace

MAX_LENGTH = 256  # tokens of a text (LLM-R)
JUDGE_LENGTH = 384  # tokens of a row and a demo together (LLM-R)


class ModelBackbone:
    """Every model starts from the same weights, which are loaded anew for it."""

    pace = Pace(3, 5e-5)
    judge_pace = Pace(3, 3e-5)
    temperature = 0.01

    def __init__(self, name: ModelName) -> None:
        self._name = name
        loaded = load_encoder(name)
        length = Pooled(loaded, max_length=MAX_LENGTH).max_length
        self.about: dict[str, Any] = {
            "kind": "model",
            "name": str(name),
            "fingerprint": fingerprint(name),
            "max_length": length,
        }

    def vectors(self) -> TunedVectors:
        return TunedVectors(load_encoder(self._name))

    def judge(self, *, sees_target: bool) -> CrossEncoder:
        return CrossEncoder(load_encoder(self._name), sees_target)

    def save(self, encoder: Encoder, folder: Path, about: str) -> None:
        """Raises UserError where the folder cannot be written."""
        loaded = cast(Pooled, encoder).loaded
        save(loaded.model, loaded.tokenizer, folder, files={ABOUT: about})


class TunedVectors(nn.Module):
    """`Pooled` with gradients."""

    def __init__(self, loaded: Loaded) -> None:
        super().__init__()
        self.model = loaded.model
        self._pooled = Pooled(loaded, max_length=MAX_LENGTH)

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        return mean_pooled(self._pooled.loaded, self._pooled.tokens(texts))

    def frozen(self) -> Pooled:
        self.eval()
        return self._pooled


class CrossEncoder(nn.Module):
    """Two texts read as one, query and target, input and output of the demo, and a linear head on
    the mean of the hidden states. Where they are too long, the longer one is cut off."""

    def __init__(self, loaded: Loaded, sees_target: bool) -> None:
        super().__init__()
        self._loaded = loaded
        self.model = loaded.model
        self.head = nn.Linear(loaded.model.config.hidden_size, 1).to(loaded.model.device)
        self._sees_target = sees_target
        limits = [limit for limit in (window(loaded), JUDGE_LENGTH) if limit is not None]
        self._length = min(limits)

    def forward(self, rows: Sequence[Demo], demos: Sequence[Demo]) -> torch.Tensor:
        asked = [document(row) if self._sees_target else row.input for row in rows]
        coded = self._loaded.tokenizer(
            asked,
            [document(demo) for demo in demos],
            truncation="longest_first",
            max_length=self._length,
        )
        vectors = mean_pooled(self._loaded, coded["input_ids"], coded.get("token_type_ids"))
        rewards: torch.Tensor = self.head(vectors).squeeze(-1)
        return rewards
