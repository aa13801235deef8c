"""Keys and values of a batch that changes while it is decoded: rows join, grow and leave in place.

transformers' own cache copies everything for every new token, and we would copy it once more for
every row that ends. Here a token is written into room kept free for it, and the last rows fill the
gaps of those that ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import (
    Cache,
    DynamicCache,
    DynamicLayer,
    DynamicSlidingWindowLayer,
)

from limbeck.errors import ModelError

ROOM = 128  # columns kept free on the right: everything is copied once in so many tokens


def require_plain_attention(config: Any) -> None:
    """Raises ModelError for a model whose state is more than the keys and values of its tokens."""
    layers = {type(layer) for layer in DynamicCache(config=config).layers}
    odd = sorted(kind.__name__ for kind in layers - {DynamicLayer, DynamicSlidingWindowLayer})
    if odd:
        raise ModelError(
            f"a model of the type {config.model_type} cannot be a local teacher: its state is more "
            f"than keys and values ({', '.join(odd)}). Serve it and name it as openai:MODEL"
        )


class BatchCache(Cache):  # type: ignore[misc]  # transformers ships no types
    """The cache of all rows of a batch, given to a model as its `past_key_values`.

    Every row ends in the same column; row i begins in column `firsts[i]`, and what stands before
    it is to be masked. Sliding-window layers are kept whole too: the model's own mask leaves out
    what their window has passed, since columns are as far apart as tokens are.
    """

    layers: list[_Layer]

    def __init__(self) -> None:
        super().__init__(layers=[])
        self.firsts: list[int] = []
        self.end = 0  # the column after the last token
        self._starts = torch.zeros(0, 1, dtype=torch.long)  # `firsts`, (B, 1), on the device

    @property
    def start(self) -> int:
        """The first column that holds a token of any row."""
        return min(self.firsts, default=self.end)

    def step(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Attention mask (B, columns in use + 1) and position ids (B, 1) of one more token each."""
        columns = torch.arange(self.start, self.end + 1, device=self._starts.device)
        return (columns >= self._starts).long(), self.end - self._starts

    def grown(self) -> None:
        """The model has written one more token into every row."""
        self.end += 1
        if self.end == max(layer.columns for layer in self.layers):
            self._move(self.end - self.start, max(layer.rows for layer in self.layers))

    def join(self, computed: DynamicCache, sources: Sequence[int], lengths: Sequence[int]) -> None:
        """Append rows, row i a copy of row `sources[i]` of `computed`, whose last `lengths[i]`
        columns are tokens. `computed` keeps every column, the windows' too."""
        columns = computed.get_seq_length()
        old, rows = len(self.firsts), len(self.firsts) + len(sources)
        if not old:
            self.layers, self.end = [_Layer(self) for _ in computed.layers], columns
        elif columns > self.end or rows > max(layer.rows for layer in self.layers):
            self._move(max(columns, self.end - self.start), rows)
        place = (slice(old, rows), slice(None), slice(self.end - columns, self.end))
        for layer, more in zip(self.layers, computed.layers, strict=True):
            if not more.is_initialized:  # it reads the keys of another layer
                continue
            if not layer.columns:
                layer.keys = _room(more.keys, rows, self.end + ROOM)
                layer.values = _room(more.values, rows, self.end + ROOM)
            index = torch.tensor(sources, device=more.keys.device)
            layer.keys[place] = more.keys[index]
            layer.values[place] = more.values[index]
        device = computed.layers[0].keys.device
        self._starts = self._starts.to(device)
        self._set_firsts([*self.firsts, *(self.end - length for length in lengths)])

    def leave(self, places: Sequence[int]) -> list[int]:
        """Drop rows. Returns which old row stands in each place now."""
        order = list(range(len(self.firsts)))
        for place in sorted(places, reverse=True):
            last = order.pop()
            if place < len(order):
                order[place] = last
        used = slice(self.start, self.end)
        for layer in self.layers:
            for place, row in enumerate(order):
                if place != row and layer.columns:
                    layer.keys[place, :, used] = layer.keys[row, :, used]
                    layer.values[place, :, used] = layer.values[row, :, used]
        self._set_firsts([self.firsts[row] for row in order])
        if not order:
            self.layers = []
        return order

    def _move(self, end: int, rows: int) -> None:
        """Into new buffers with room for `rows` rows that end in column `end`, and on the right."""
        held = (slice(0, len(self.firsts)), slice(None))
        start, shift = self.start, end - self.end

        def moved(state: torch.Tensor) -> torch.Tensor:
            larger = _room(state, rows, end + ROOM)
            larger[*held, start + shift : end] = state[*held, start : self.end]
            return larger

        for layer in self.layers:
            if layer.columns:
                layer.keys, layer.values = moved(layer.keys), moved(layer.values)
        self.end = end
        self._set_firsts([first + shift for first in self.firsts])

    def _set_firsts(self, firsts: list[int]) -> None:
        self.firsts = firsts
        self._starts = self._starts.new_tensor(firsts)[:, None]


class _Layer(DynamicLayer):  # type: ignore[misc]
    """Keys and values (rows, heads, columns, D) with room; the batch is a window on them."""

    def __init__(self, cache: BatchCache) -> None:
        super().__init__()
        self._cache = cache

    @property
    def rows(self) -> int:
        return 0 if self.keys is None else len(self.keys)

    @property
    def columns(self) -> int:
        return 0 if self.keys is None else int(self.keys.shape[2])

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the states (B, heads, 1, D) of one token; keys and values of all in use."""
        rows, end = len(key_states), self._cache.end
        self.keys[:rows, :, end : end + 1] = key_states
        self.values[:rows, :, end : end + 1] = value_states
        used = (slice(0, rows), slice(None), slice(self._cache.start, end + 1))
        return self.keys[used], self.values[used]

    def get_seq_length(self) -> int:
        return self._cache.end - self._cache.start


def _room(state: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """Zeros like state (B, H, T, D): a masked column must hold a number, since 0 x NaN is NaN."""
    return state.new_zeros(rows, state.shape[1], columns, state.shape[3])
