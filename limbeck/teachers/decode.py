"""Batched decoding with a seed per row: what a row says does not depend on who sits beside it,
up to the rounding of the batch's kernels.

Prompts are padded on the left with an attention mask and position ids. Finished rows leave the
batch at once and waiting ones take their place, so that no step is spent on padding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F

REFILL = 4  # refill when this part of the batch is free
TOP = 256  # the nucleus nearly always fits into this many tokens; where not, all are sorted


@dataclass(slots=True)
class Row:
    """One prompt being continued. `stopped(tokens)` says whether a stop string has appeared."""

    prompt: list[int]
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stopped: Callable[[list[int]], bool] | None = None
    tokens: list[int] = field(default_factory=list)
    finish_reason: str = ""
    _uniform: torch.Tensor | None = None

    def uniform(self) -> float:
        """The next of this row's own random numbers."""
        if self._uniform is None:
            generator = torch.Generator().manual_seed(self.seed % (1 << 63))
            self._uniform = torch.rand(self.max_tokens, generator=generator, dtype=torch.float64)
        return float(self._uniform[len(self.tokens)])


class Decoder:
    """A batch that is refilled while it runs: rows that end make room for rows that wait.

    `eos_ids` end a completion and are not kept. A finished row has `finish_reason` "stop" (an end
    token or a stop string) or "length".
    """

    def __init__(self, model: Any, *, eos_ids: Sequence[int], pad_id: int, size: int) -> None:
        self._model = model
        self._eos = set(eos_ids)
        self._pad = pad_id
        self._size = size
        self._rows: list[Row] = []
        self._cache: Any = None
        self._mask = torch.zeros(0, 0)

    @torch.inference_mode()
    def run(
        self,
        pull: Callable[[int], list[Row]],
        on_done: Callable[[Row], None],
        keep_going: Callable[[], bool] = lambda: True,
    ) -> None:
        """Decode what `pull(n)` gives, at most n rows a time, until it gives none and all ended.

        `on_done` gets each row as soon as it ends. Returns early when `keep_going()` turns false.
        """
        while keep_going():
            room = self._size - len(self._rows)
            # A prefill stops everybody else's step, so small ones are saved up.
            if room >= max(1, self._size // REFILL):
                pulled = pull(room)
                for group in _alike(pulled):
                    self._admit(group, on_done)
                if not pulled and not self._rows:
                    return
            if self._rows:  # a first token can end all of them
                self._step(on_done)

    def _admit(self, rows: list[Row], on_done: Callable[[Row], None]) -> None:
        from transformers import DynamicCache

        device = self._model.device
        longest = max(len(row.prompt) for row in rows)
        gaps = [longest - len(row.prompt) for row in rows]
        padded = [[self._pad] * gap + row.prompt for gap, row in zip(gaps, rows, strict=True)]
        mask = torch.tensor([[0] * gap + [1] * (longest - gap) for gap in gaps], device=device)
        cache = DynamicCache(config=self._model.config)
        out = self._model(
            input_ids=torch.tensor(padded, device=device),  # (B, T)
            attention_mask=mask,
            position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        if self._rows:
            self._cache, self._mask = _joined(self._cache, self._mask, cache, mask)
        else:
            self._cache, self._mask = cache, mask
        before = len(self._rows)
        self._rows += rows
        self._take(choose(out.logits[:, -1].float(), rows), before, on_done)

    def _step(self, on_done: Callable[[Row], None]) -> None:
        rows, device = self._rows, self._model.device
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(rows), 1)], dim=-1)
        out = self._model(
            input_ids=torch.tensor([[row.tokens[-1]] for row in rows], device=device),
            attention_mask=self._mask,
            position_ids=self._mask.sum(-1, keepdim=True) - 1,
            past_key_values=self._cache,
            use_cache=True,
        )
        self._take(choose(out.logits[:, -1].float(), rows), 0, on_done)

    def _take(self, chosen: list[int], start: int, on_done: Callable[[Row], None]) -> None:
        """Give the rows from `start` on their next token; those that ended leave the batch."""
        for row, token in zip(self._rows[start:], chosen, strict=True):
            if _ends(row, token, self._eos):
                on_done(row)
        left = [i for i, row in enumerate(self._rows) if not row.finish_reason]
        if len(left) == len(self._rows):
            return
        self._rows = [self._rows[i] for i in left]
        if not left:
            self._cache = None
            return
        index = torch.tensor(left, device=self._model.device)
        mask = self._mask[index]
        spare = int(mask.argmax(-1).min())  # columns that are padding for everybody now
        for layer in self._cache.layers:
            layer.keys = layer.keys[index, :, spare:]
            layer.values = layer.values[index, :, spare:]
        self._mask = mask[:, spare:]


def _alike(rows: list[Row]) -> list[list[Row]]:
    """Rows in groups of similar prompt length, so that a prefill pads little."""
    groups: list[list[Row]] = []
    for row in sorted(rows, key=lambda row: len(row.prompt)):
        if groups and len(row.prompt) <= 1.5 * len(groups[-1][0].prompt) + 16:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _joined(one: Any, one_mask: Any, two: Any, two_mask: Any) -> tuple[Any, Any]:
    """Two caches as one batch, the shorter padded on the left."""
    width = max(one_mask.shape[1], two_mask.shape[1])
    for a, b in zip(one.layers, two.layers, strict=True):
        a.keys = torch.cat([_widened(a.keys, width), _widened(b.keys, width)])
        a.values = torch.cat([_widened(a.values, width), _widened(b.values, width)])
    masks = [F.pad(mask, (width - mask.shape[1], 0)) for mask in (one_mask, two_mask)]
    return one, torch.cat(masks)


def _widened(state: torch.Tensor, width: int) -> torch.Tensor:
    """State (B, H, T, D) with T padded on the left to `width`."""
    return F.pad(state, (0, 0, width - state.shape[2], 0))


def _ends(row: Row, token: int, eos: set[int]) -> bool:
    if token in eos:
        row.finish_reason = "stop"
    else:
        row.tokens.append(token)
        if row.stopped is not None and row.stopped(row.tokens):
            row.finish_reason = "stop"
        elif len(row.tokens) >= row.max_tokens:
            row.finish_reason = "length"
    return bool(row.finish_reason)


def choose(logits: torch.Tensor, rows: Sequence[Row]) -> list[int]:
    """The next token of every row from logits (B, V), float32: greedy at temperature 0, else
    drawn by the row's own uniform number from its nucleus (Holtzman et al. 2020)."""
    chosen = [int(token) for token in logits.argmax(-1)]
    for nucleus in (False, True):
        places = [
            i for i, row in enumerate(rows) if row.temperature > 0 and (row.top_p < 1) == nucleus
        ]
        if not places:
            continue
        heat = logits.new_tensor([rows[i].temperature for i in places])
        probabilities = (logits[places] / heat[:, None]).softmax(-1)
        drawn = logits.new_tensor([rows[i].uniform() for i in places], dtype=torch.float64)
        if nucleus:
            top_p = logits.new_tensor([rows[i].top_p for i in places])
            tokens = _from_nucleus(probabilities, top_p, drawn)
        else:
            tokens = _from_all(probabilities, drawn)
        for i, token in zip(places, tokens.tolist(), strict=True):
            chosen[i] = token
    return chosen


def _from_nucleus(p: torch.Tensor, top_p: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
    """Tokens (B,) from the smallest set of most probable tokens whose mass reaches top_p (B,)."""
    values, tokens = p.topk(min(TOP, p.shape[-1]), dim=-1)
    if bool((values.sum(-1) < top_p).any()):
        values, tokens = p.sort(dim=-1, descending=True)
    before = values.cumsum(-1) - values
    inside = before < top_p[:, None]
    inside[:, 0] = True  # also at top_p 0
    kept = torch.where(inside, values, 0.0)
    return tokens.gather(-1, _invert(kept, drawn)[:, None]).squeeze(-1)


def _from_all(p: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
    """Tokens (B,) from the whole distribution (B, V): first a block, then a token in it, since
    summing blocks is many times cheaper than a running sum over a vocabulary."""
    blocks = F.pad(p, (0, -p.shape[-1] % TOP)).reshape(len(p), -1, TOP)  # (B, N, TOP)
    sums = blocks.sum(-1, dtype=torch.float64)
    block = _invert(sums, drawn)
    row = torch.arange(len(p), device=p.device)
    below = (sums.cumsum(-1) - sums)[row, block]
    left = ((drawn * sums.sum(-1) - below) / sums[row, block]).clamp(0, 1)
    return block * TOP + _invert(blocks[row, block], left)


def _invert(weights: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
    """Where the running sum of weights (B, N) passes drawn (B,) of their total; never a zero."""
    ladder = weights.double().cumsum(-1)
    place = torch.searchsorted(ladder, drawn[:, None] * ladder[:, -1:], right=True).squeeze(-1)
    last = weights.shape[-1] - 1 - (weights.flip(-1) > 0).int().argmax(-1)
    return torch.minimum(place, last)
