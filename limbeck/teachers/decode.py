"""Batched decoding with a seed per row: what a row says does not depend on who sits beside it,
up to the rounding of the batch's kernels.

A prompt that several rows share is computed once. Finished rows leave the batch at once and
waiting ones take their place, so that no step is spent on padding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F

from limbeck.teachers.kv_cache import BatchCache, require_plain_attention
from limbeck.teachers.prefill import Prefill

REFILL = 8  # refill when one row in so many is free
TOP = 256  # the nucleus nearly always fits into this many tokens; where not, all are sorted


Noted = tuple[int, float, list[tuple[int, float]]]
"""A chosen token, its log-probability, and the likeliest at its place."""


@dataclass(slots=True)
class Row:
    """One prompt being continued. `stopped(tokens)` says whether a stop string has appeared.

    With `top_logprobs` every choice is noted in `noted`: the token, also one that ends the row,
    its log-probability, and that many of the likeliest with theirs, the model's own at
    temperature 1.
    """

    prompt: list[int]
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    presence_penalty: float = 0.0
    stopped: Callable[[list[int]], bool] | None = None
    top_logprobs: int = 0
    noted: list[Noted] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    finish_reason: str = ""
    _uniform: list[float] | None = None

    def uniform(self) -> float:
        """The next of this row's own random numbers."""
        if self._uniform is None:
            generator = torch.Generator().manual_seed(self.seed % (1 << 63))
            drawn = torch.rand(self.max_tokens, generator=generator, dtype=torch.float64)
            self._uniform = drawn.tolist()
        return self._uniform[len(self.tokens)]


class Decoder:
    """A batch that is refilled while it runs: rows that end make room for rows that wait.

    `eos_ids` end a completion and are not kept. A finished row has `finish_reason` "stop" (an end
    token or a stop string) or "length". Raises ModelError for a model that it cannot batch.
    """

    def __init__(self, model: Any, *, eos_ids: Sequence[int], pad_id: int, size: int) -> None:
        require_plain_attention(model.config)
        self._model = model
        self._eos = set(eos_ids)
        self._prefill = Prefill(model, pad_id)
        self._size = size
        self._rows: list[Row] = []
        self._cache = BatchCache()

    @torch.inference_mode()
    def run(
        self,
        pull: Callable[[int], list[Row]],
        on_done: Callable[[Row], None],
        keep_going: Callable[[], bool] = lambda: True,
    ) -> None:
        """Decode what `pull(n)` gives, at most n rows a time, until it gives none and all ended.

        `on_done` gets each row as soon as it ends. `keep_going()` is called before every step;
        when it turns false, `run` returns early.
        """
        while keep_going():
            room = self._size - len(self._rows)
            # A prefill stops everybody else's step, so small ones are saved up.
            if room >= max(1, self._size // REFILL):
                pulled = pull(room)
                self._admit(pulled, on_done)
                if not pulled and not self._rows:
                    return
            if self._rows:  # a first token can end all of them
                self._step(on_done)

    def _admit(self, pulled: list[Row], on_done: Callable[[Row], None]) -> None:
        """Let rows join the batch."""
        together: dict[tuple[int, ...], list[Row]] = {}
        for row in pulled:
            together.setdefault(tuple(row.prompt), []).append(row)
        prompts = list(together)
        for computed in self._prefill(prompts):
            groups = [together[prompts[place]] for place in computed.places]
            sources = [place for place, group in enumerate(groups) for _ in group]
            rows = [row for group in groups for row in group]
            self._cache.join(computed.cache, sources, [len(row.prompt) for row in rows])
            before = len(self._rows)
            self._rows += rows
            logits = computed.logits[torch.tensor(sources, device=computed.logits.device)]
            self._take(_next(logits, rows), before, on_done)

    def _step(self, on_done: Callable[[Row], None]) -> None:
        mask, positions = self._cache.step()
        last = [[row.tokens[-1]] for row in self._rows]
        out = self._model(
            input_ids=torch.tensor(last, device=self._model.device),
            attention_mask=mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
        )
        self._cache.grown()
        self._take(_next(out.logits[:, -1].float(), self._rows), 0, on_done)

    def _take(self, chosen: list[int], start: int, on_done: Callable[[Row], None]) -> None:
        """Give the rows from `start` on their next token; those that ended leave the batch."""
        for row, token in zip(self._rows[start:], chosen, strict=True):
            if _ends(row, token, self._eos):
                on_done(row)
        ended = [place for place, row in enumerate(self._rows) if row.finish_reason]
        if ended:
            self._rows = [self._rows[place] for place in self._cache.leave(ended)]


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


def _next(logits: torch.Tensor, rows: Sequence[Row]) -> list[int]:
    """`choose`, noted in the rows that want it."""
    places = [place for place, row in enumerate(rows) if row.top_logprobs]
    if not places:
        return choose(logits, rows)
    own = logits[places]  # a copy: `choose` changes the logits
    total = own.logsumexp(-1, keepdim=True)
    most = min(max(rows[place].top_logprobs for place in places), own.shape[-1])
    best = own.topk(most, dim=-1)
    values, ids = (best.values - total).tolist(), best.indices.tolist()
    chosen = choose(logits, rows)
    for at, place in enumerate(places):
        row, token = rows[place], chosen[place]
        top = list(zip(ids[at], values[at], strict=True))[: row.top_logprobs]
        row.noted.append((token, float(own[at, token] - total[at, 0]), top))
    return chosen


def choose(logits: torch.Tensor, rows: Sequence[Row]) -> list[int]:
    """The next token of every row from logits (B, V), float32: greedy at temperature 0, else
    drawn by the row's own uniform number from its nucleus (Holtzman et al. 2020). A presence
    penalty is taken off what the row has said so far, as OpenAI's API defines it."""
    for i, row in enumerate(rows):
        if row.presence_penalty and row.tokens:
            logits[i, sorted(set(row.tokens))] -= row.presence_penalty
    chosen: list[int] = logits.argmax(-1).tolist()
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
