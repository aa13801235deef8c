"""Prompts computed before a batch goes on from them: each once, and once for all what many of
them begin with, such as the worked examples of a few-shot prompt.

Prompts that begin alike are found by sorting them. What a batch, or a prompt and one shortly
before it, begin with is held for the prompts to come, also for those that come alone.
"""

from __future__ import annotations

from bisect import bisect
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

MOST = 4096  # padded tokens computed in one pass, at most
SHARED = 32  # a common beginning of fewer tokens is not worth the trouble
HELD = 64  # beginnings whose keys and values are kept for the prompts to come, at most
HELD_BYTES = 2**30  # and what they take in all; the last is kept however large it is
SEEN = 128  # prompts whose tokens are kept, to see what the next one begins with

Prompt = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Computed:
    """Prompts as one pass has computed them: their places among those asked for, keys and values
    padded on the left, and the logits (B, V) of what follows."""

    places: list[int]
    cache: DynamicCache
    logits: torch.Tensor

    def alone(self, row: int, length: int) -> Computed:
        """A copy of one row, whose last `length` columns are tokens."""
        cache = DynamicCache()
        for number, layer in enumerate(self.cache.layers):
            if layer.is_initialized:  # else it reads the keys of another layer
                states = (layer.keys, layer.values)
                cache.update(
                    *(state[row : row + 1, :, -length:].clone() for state in states), number
                )
        return Computed([row], cache, self.logits[row : row + 1].clone())


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Tokens that prompts begin with, and their keys and values, (1, heads, T, D) a layer."""

    tokens: Prompt
    cache: DynamicCache

    @property
    def nbytes(self) -> int:
        layers = [layer for layer in self.cache.layers if layer.is_initialized]
        return sum(state.nbytes for layer in layers for state in (layer.keys, layer.values))


@dataclass(frozen=True, slots=True)
class _Start:
    """The first `length` tokens of a beginning, from which a prompt goes on."""

    beginning: _Beginning
    length: int


class Prefill:
    """Passes of a model over prompts; see the module. `pad_id` stands where a prompt is short."""

    def __init__(self, model: Any, pad_id: int) -> None:
        self._model = model
        self._pad = pad_id
        self._held: list[_Beginning] = []  # the last used is last
        self._seen: deque[Prompt] = deque(maxlen=SEEN)
        self._last: tuple[Prompt, Computed] | None = None
        layers = DynamicCache(config=model.config).layers
        # A window counts columns, and between a shared beginning and the rest some stay empty.
        self._shares = all(type(layer) is DynamicLayer for layer in layers)

    def __call__(self, prompts: Sequence[Prompt]) -> Iterator[Computed]:
        """Every prompt once, in passes of such as are alike in length: little is padding.

        The last one is kept as it was computed, for the paths of a prompt may come in two parts.
        """
        last, before = len(prompts) - 1, self._last
        new = [place for place, it in enumerate(prompts) if before is None or it != before[0]]
        for place in range(len(prompts)):
            if before is not None and prompts[place] == before[0]:
                yield replace(before[1], places=[place])
        for computed in self._passes([prompts[place] for place in new]):
            places = [new[place] for place in computed.places]
            if last in places:
                self._last = prompts[last], computed.alone(places.index(last), len(prompts[last]))
            yield replace(computed, places=places)

    def _passes(self, prompts: Sequence[Prompt]) -> Iterator[Computed]:
        starts = self._starts(prompts) if self._shares else {}
        rests = [(len(prompts[place]) - start.length, place) for place, start in starts.items()]
        for some in _alike(rests):
            yield self._after([starts[place] for place in some], some, prompts)
        wholes = [(len(text), place) for place, text in enumerate(prompts) if place not in starts]
        for some in _alike(wholes):
            yield self._whole(some, prompts)

    def _starts(self, prompts: Sequence[Prompt]) -> dict[int, _Start]:
        """From what each prompt is to go on, by its place; not those that go on from nothing."""
        order = [place for place, prompt in enumerate(prompts) if len(prompt) > SHARED]
        known = sorted([held.tokens for held in self._held] + list(self._seen))
        self._seen.extend(prompts[place] for place in order)
        order.sort(key=lambda place: prompts[place])
        runs = _families([prompts[place] for place in order], known)
        families = [order[run] for run in runs]
        # Those of one prompt come last: they may find what the others begin with.
        families.sort(key=lambda family: len(family) == 1)
        starts: dict[int, _Start] = {}
        for family in families:
            start = self._start([prompts[place] for place in family], known)
            if start is not None:
                starts.update(dict.fromkeys(family, start))
        return starts

    def _start(self, family: list[Prompt], known: list[Prompt]) -> _Start | None:
        """What a sorted family goes on from: a beginning that is held, if it gives about as much
        as they share (one prompt: as much as it shares with what is known), else a new one."""
        first, last = family[0], family[-1]
        limit = min(map(len, family)) - 1  # something must be left to compute
        if len(family) > 1:
            wanted = limit = min(_common(first, last), limit)
        else:
            wanted = min(_longest(first, known), limit)
        held = self._best(first, limit)
        if held is not None and held.length >= wanted - SHARED:
            self._held.remove(held.beginning)
            self._held.append(held.beginning)
            return held
        if wanted < SHARED:
            return None
        return _Start(self._hold(first[:wanted], held), wanted)

    def _best(self, prompt: Prompt, limit: int) -> _Start | None:
        """The held beginning that gives most of the prompt's first `limit` tokens."""
        best: _Start | None = None
        for beginning in reversed(self._held):
            length = min(_common(beginning.tokens, prompt), limit)
            if length >= SHARED and (best is None or length > best.length):
                best = _Start(beginning, length)
        return best

    def _hold(self, tokens: Prompt, before: _Start | None) -> _Beginning:
        """Compute a beginning, on from what is held of it, and hold it in place of those for
        which it will do as well."""
        length = 0 if before is None else before.length
        cache = DynamicCache() if before is None else _laid([before])
        self._forward([tokens[length:]], before=[length], cache=cache)
        beginning = _Beginning(tokens, cache)
        kept = [held for held in self._held if not _covers(tokens, held.tokens)]
        self._held = _newest([*kept, beginning])
        return beginning

    def _whole(self, places: list[int], prompts: Sequence[Prompt]) -> Computed:
        cache = DynamicCache()  # without the config: it would drop what a window has passed
        texts = [prompts[place] for place in places]
        logits = self._forward(texts, before=[0] * len(texts), cache=cache)
        return Computed(places, cache, logits)

    def _after(
        self, starts: list[_Start], places: list[int], prompts: Sequence[Prompt]
    ) -> Computed:
        cache = _laid(starts)
        before = [start.length for start in starts]
        rests = [prompts[place][length:] for place, length in zip(places, before, strict=True)]
        logits = self._forward(rests, before=before, cache=cache)
        longest, most = max(map(len, rests)), max(before)
        for row, (start, rest) in enumerate(zip(starts, rests, strict=True)):
            gap = longest - len(rest)
            if gap:  # it goes before the beginning
                _lay(cache, row, start, most + gap)
        return Computed(places, cache, logits)

    def _forward(
        self, texts: Sequence[Prompt], *, before: Sequence[int], cache: DynamicCache
    ) -> torch.Tensor:
        """Compute texts, each after its last `before` tokens in the cache; logits (B, V)."""
        device = self._model.device
        longest, most = max(map(len, texts)), max(before)
        gaps = [longest - len(text) for text in texts]
        padded = [[self._pad] * gap + list(text) for gap, text in zip(gaps, texts, strict=True)]
        mask = torch.tensor(
            [
                [0] * (most - length) + [1] * length + [0] * gap + [1] * (longest - gap)
                for length, gap in zip(before, gaps, strict=True)
            ],
            device=device,
        )
        out = self._model(
            input_ids=torch.tensor(padded, device=device),  # (B, T)
            attention_mask=mask,
            position_ids=(mask.cumsum(-1) - 1).clamp(min=0)[:, most:],
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits: torch.Tensor = out.logits[:, -1].float()
        return logits


def _laid(starts: Sequence[_Start]) -> DynamicCache:
    """A cache with a row for each start, all ending in the same column; what is before is 0."""
    cache = DynamicCache()
    most = max(start.length for start in starts)
    for number, layer in enumerate(starts[0].beginning.cache.layers):
        if layer.is_initialized:  # else it reads the keys of another layer
            room = [
                state.new_zeros(len(starts), state.shape[1], most, state.shape[3])
                for state in (layer.keys, layer.values)
            ]
            cache.update(*room, number)
    for row, start in enumerate(starts):
        _lay(cache, row, start, most)
    return cache


def _lay(cache: DynamicCache, row: int, start: _Start, end: int) -> None:
    """Write a start into a row, so that it ends before column `end`."""
    place = (row, slice(None), slice(end - start.length, end))
    for new, old in zip(cache.layers, start.beginning.cache.layers, strict=True):
        if new.is_initialized:
            new.keys[place] = old.keys[0, :, : start.length]
            new.values[place] = old.values[0, :, : start.length]


def _families(prompts: Sequence[Prompt], known: list[Prompt]) -> Iterator[slice]:
    """Runs of sorted prompts that begin alike. A long beginning of some of them, or of one and a
    text that is known, is not given up for a much shorter one of more."""
    alone = [_longest(prompt, known) for prompt in prompts]
    common = [0, *(_common(one, other) for one, other in pairwise(prompts)), 0]
    start = 0
    for at in range(1, len(prompts)):
        others = (common[at - 1], common[at + 1], alone[at - 1], alone[at])
        if common[at] < max(SHARED, 0.8 * max(others)):
            yield slice(start, at)
            start = at
    if prompts:
        yield slice(start, len(prompts))


def _common(one: Prompt, other: Prompt) -> int:
    """How many tokens both of them begin with."""
    for place, (mine, its) in enumerate(zip(one, other, strict=False)):
        if mine != its:
            return place
    return min(len(one), len(other))


def _longest(prompt: Prompt, texts: list[Prompt]) -> int:
    """How many tokens the prompt has in common with that of sorted texts which begins most like
    it: one of the two between which it stands."""
    at = bisect(texts, prompt)
    return max((_common(prompt, text) for text in texts[max(at - 1, 0) : at + 1]), default=0)


def _newest(held: list[_Beginning]) -> list[_Beginning]:
    """The last of them that are kept, within both limits: a prompt may be as long as the model's
    window, and in a large model a thousand tokens are 50 MB and more."""
    sizes = accumulate(beginning.nbytes for beginning in reversed(held[-HELD:]))
    fit = sum(total <= HELD_BYTES for total in sizes)
    return held[-max(fit, 1) :]


def _covers(new: Prompt, old: Prompt) -> bool:
    """Whether prompts that go on from the old beginning can as well go on from the new one."""
    return _common(new, old) >= max(SHARED, len(old) - SHARED)


def _alike(sized: list[tuple[int, int]]) -> list[list[int]]:
    """Places of texts, given as (length, place), for one pass each: of texts that are so much
    alike in length that little is padding, and of at most MOST tokens."""
    passes: list[list[int]] = []
    shortest = 0
    for length, place in sorted(sized):
        fits = passes and length * (len(passes[-1]) + 1) <= MOST
        if fits and length <= 1.1 * shortest + 8:
            passes[-1].append(place)
        else:
            passes.append([place])
            shortest = length
    return passes
