"""A transformers model as an encoder: the mean of its last hidden states over a text's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from limbeck.demos.encode import Vectors32
from limbeck.errors import ModelError
from limbeck.hf import Loaded, load_encoder
from limbeck.models import ModelName

if TYPE_CHECKING:
    import torch

BUDGET = 16384  # padded tokens of one forward pass
_NO_LIMIT = 10**6  # tokenizers that know no limit say a number far above


def load_pooled(name: ModelName, *, max_length: int | None = None) -> Pooled:
    """The encoder of a model. Raises ModelError or MissingExtra."""
    return Pooled(load_encoder(name), max_length=max_length)


class Pooled:
    """Mean pooling in float32, as sentence-transformers do it for MiniLM and E5, without lengths
    being made 1.

    `max_length` counts tokens, special ones included; a text is cut off at its end there, or at
    the model's window, whichever is less. Raises ModelError for an encoder-decoder.
    """

    def __init__(
        self, loaded: Loaded, *, max_length: int | None = None, budget: int = BUDGET
    ) -> None:
        self.loaded = loaded
        config = loaded.model.config
        if getattr(config, "is_encoder_decoder", False):
            raise ModelError(
                f"{loaded.name} is an encoder with a decoder ({config.model_type}), whose hidden "
                "states limbeck does not average; take one like BERT or MiniLM"
            )
        limits = [limit for limit in (window(loaded), max_length) if limit is not None]
        self.max_length = min(limits, default=None)
        self._budget = budget

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of every text, cut off at `max_length`."""
        if not texts:
            return []
        found: list[list[int]] = self.loaded.tokenizer(
            list(texts), truncation=self.max_length is not None, max_length=self.max_length
        )["input_ids"]
        return found

    def encode(self, texts: Sequence[str], /) -> Vectors32:
        import torch

        rows = self.tokens(texts)
        found = np.zeros((len(rows), self.loaded.model.config.hidden_size), np.float32)
        # The longest first: a memory that is too small says so at once.
        order = sorted((n for n in range(len(rows)) if rows[n]), key=lambda n: (-len(rows[n]), n))
        with torch.inference_mode():
            while order:
                size = max(1, self._budget // len(rows[order[0]]))
                batch, order = order[:size], order[size:]
                vectors = mean_pooled(self.loaded, [rows[n] for n in batch])
                found[batch] = vectors.float().cpu().numpy()
        return found


def mean_pooled(
    loaded: Loaded, rows: Sequence[Sequence[int]], types: Sequence[Sequence[int]] | None = None
) -> torch.Tensor:
    """The mean of the last hidden states over each row's tokens, (N, D), on the model's device;
    gradients flow. No row is empty. `types` are token types, where the model knows them."""
    import torch

    model = loaded.model
    lengths = torch.tensor([len(row) for row in rows], device=model.device)
    width = int(lengths.max())
    mask = torch.arange(width, device=model.device)[None] < lengths[:, None]  # (N, L)
    more: dict[str, Any] = {}
    if types is not None:
        more["token_type_ids"] = _padded(types, width, 0).to(model.device)
    states = model(
        input_ids=_padded(rows, width, loaded.tokenizer.pad_token_id).to(model.device),
        attention_mask=mask.long(),
        **more,
    ).last_hidden_state
    mean: torch.Tensor = (states * mask[..., None]).sum(1) / lengths[:, None]
    return mean


def _padded(rows: Sequence[Sequence[int]], width: int, pad: int) -> torch.Tensor:
    import torch

    return torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows])


def window(loaded: Loaded) -> int | None:
    """How many tokens the model reads at most; None where nothing says so."""
    limits: list[int] = []
    if loaded.tokenizer.model_max_length < _NO_LIMIT:
        limits.append(int(loaded.tokenizer.model_max_length))
    positions = getattr(loaded.model.config, "max_position_embeddings", None)
    if positions:
        # RoBERTa counts its positions from behind the padding's.
        table = getattr(getattr(loaded.model, "embeddings", None), "position_embeddings", None)
        padding = getattr(table, "padding_idx", None)
        limits.append(int(positions) - (0 if padding is None else padding + 1))
    return min(limits, default=None)
