"""What a forward pass goes on from: keys and values, and which of their columns are tokens."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache

from limbeck.teachers.beginnings import Tokens


@dataclass(slots=True)
class Past:
    """The rows of a batch: `cache`, as a model appends to it (None: nothing is kept), and
    `mask` (B, T), 1 where a column is a token of the row."""

    cache: Any
    mask: torch.Tensor

    @classmethod
    def empty(cls, model: Any, rows: int, *, kept: bool) -> Past:
        """Rows without a token; `kept` if another pass will go on from the next one."""
        cache = DynamicCache(config=model.config) if kept else None
        return cls(cache, torch.zeros(rows, 0, dtype=torch.long, device=model.device))

    def copied(self, rows: int) -> Past:
        """One row as the start of many; its keys take no memory until the model appends some."""
        cache = copy.copy(self.cache)
        cache.layers = [copy.copy(layer) for layer in cache.layers]
        for layer in cache.layers:
            if layer.is_initialized:  # else it reads the keys of another layer
                layer.keys = layer.keys.expand(rows, -1, -1, -1)
                layer.values = layer.values.expand(rows, -1, -1, -1)
        return Past(cache, self.mask.expand(rows, -1))

    def repeat(self, counts: Sequence[int]) -> None:
        """Row i stands `counts[i]` times from now on."""
        repeats = torch.tensor(counts, device=self.mask.device)
        for layer in self.cache.layers:
            if layer.is_initialized:
                layer.keys = layer.keys.repeat_interleave(repeats, dim=0)
                layer.values = layer.values.repeat_interleave(repeats, dim=0)
        self.mask = self.mask.repeat_interleave(repeats, dim=0)

    def inputs(self, texts: Sequence[Tokens], *, left: bool = True) -> dict[str, Any]:
        """What a model is given to go on with texts, one a row, padded on the left or right.

        The pass appends to the cache; the mask has the texts from now on.
        """
        ids, mask = padded(texts, self.mask.device, left=left)
        self.mask = torch.cat([self.mask, mask], dim=-1)
        positions = (self.mask.cumsum(-1) - 1).clamp(min=0)
        return {
            "input_ids": ids,
            "attention_mask": self.mask,
            "position_ids": positions[:, -ids.shape[1] :],
            "past_key_values": self.cache,
            "use_cache": self.cache is not None,
        }


def padded(
    texts: Sequence[Tokens], device: Any, *, left: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Texts padded to one width W, (B, W), and 1 where they are tokens."""
    width = max(map(len, texts))
    ids, mask = [], []
    for text in texts:
        gap = [0] * (width - len(text))
        ids.append([*gap, *text] if left else [*text, *gap])
        mask.append([*gap, *[1] * len(text)] if left else [*[1] * len(text), *gap])
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)
