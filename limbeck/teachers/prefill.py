"""Prompts computed before a batch goes on from them: each once, and once for all what many of
them begin with, such as the worked examples of a few-shot prompt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

MOST = 4096  # padded tokens computed in one pass, at most
SHARED = 32  # a common beginning of fewer tokens is not worth the trouble
HELD = 4  # beginnings whose keys and values are kept for the prompts to come

Prompt = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Computed:
    """Prompts as one pass has computed them: their places among those asked for, keys and values
    padded on the left, and the logits (B, V) of what follows."""

    places: list[int]
    cache: DynamicCache
    logits: torch.Tensor


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Tokens that prompts begin with, and their keys and values, (1, heads, T, D) a layer."""

    tokens: Prompt
    cache: DynamicCache


class Prefill:
    """Passes of a model over prompts; see the module. `pad_id` stands where a prompt is short."""

    def __init__(self, model: Any, pad_id: int) -> None:
        self._model = model
        self._pad = pad_id
        self._held: dict[Prompt, _Beginning] = {}  # by their first tokens; the last used is last
        layers = DynamicCache(config=model.config).layers
        # A window counts columns, and between a shared beginning and the rest some stay empty.
        self._shares = all(type(layer) is DynamicLayer for layer in layers)

    def __call__(self, prompts: Sequence[Prompt]) -> Iterator[Computed]:
        """Every prompt once, in passes of such as are alike in length: little is padding."""
        alone: list[int] = []
        families: dict[Prompt, list[int]] = {}
        for place, prompt in enumerate(prompts):
            if self._shares and len(prompt) > SHARED:
                families.setdefault(prompt[:SHARED], []).append(place)
            else:
                alone.append(place)
        for head, places in families.items():
            shared = self._beginning(head, [prompts[place] for place in places])
            if shared is None:
                alone += places
                continue
            for some in _alike([(len(prompts[place]), place) for place in places], shared[0]):
                yield self._after(shared, some, prompts)
        for some in _alike([(len(prompts[place]), place) for place in alone], 0):
            yield self._whole(some, prompts)

    def _beginning(self, head: Prompt, family: list[Prompt]) -> tuple[int, _Beginning] | None:
        """What the family begins with, and how many tokens of it; None where that is not known
        and one prompt alone asks for it."""
        most = min(len(prompt) for prompt in family) - 1  # something must be left to compute
        length = min(_common(family), most)
        held = self._held.pop(head, None)
        if held is not None:
            usable = min(_common([held.tokens, family[0]]), length)
            if len(family) == 1 or usable >= length - SHARED:
                self._held[head] = held
                return usable, held
        if len(family) == 1:
            return None
        tokens = family[0][:length]
        cache = DynamicCache()
        self._forward([tokens], cache=cache)
        self._held[head] = _Beginning(tokens, cache)
        if len(self._held) > HELD:
            del self._held[next(iter(self._held))]
        return length, self._held[head]

    def _whole(self, places: list[int], prompts: Sequence[Prompt]) -> Computed:
        cache = DynamicCache()  # without the config: it would drop what a window has passed
        logits = self._forward([prompts[place] for place in places], cache=cache)
        return Computed(places, cache, logits)

    def _after(
        self, shared: tuple[int, _Beginning], places: list[int], prompts: Sequence[Prompt]
    ) -> Computed:
        length, beginning = shared
        cache = DynamicCache()
        for number, layer in enumerate(beginning.cache.layers):
            if layer.is_initialized:  # else it reads the keys of another layer
                keys = layer.keys[:, :, :length].expand(len(places), -1, -1, -1)
                values = layer.values[:, :, :length].expand(len(places), -1, -1, -1)
                cache.update(keys, values, number)
        rests = [prompts[place][length:] for place in places]
        logits = self._forward(rests, before=length, cache=cache)
        longest = max(map(len, rests))
        for new, old in zip(cache.layers, beginning.cache.layers, strict=True):
            for row, rest in enumerate(rests):
                gap = longest - len(rest)
                if gap and new.is_initialized:  # the gap goes before the beginning
                    new.keys[row, :, gap : gap + length] = old.keys[0, :, :length]
                    new.values[row, :, gap : gap + length] = old.values[0, :, :length]
        return Computed(places, cache, logits)

    def _forward(
        self, texts: Sequence[Prompt], *, before: int = 0, cache: DynamicCache
    ) -> torch.Tensor:
        """Compute texts that go on after `before` tokens in the cache; logits (B, V)."""
        device = self._model.device
        longest = max(map(len, texts))
        gaps = [longest - len(text) for text in texts]
        padded = [[self._pad] * gap + list(text) for gap, text in zip(gaps, texts, strict=True)]
        mask = torch.tensor(
            [[1] * before + [0] * gap + [1] * (longest - gap) for gap in gaps], device=device
        )
        out = self._model(
            input_ids=torch.tensor(padded, device=device),  # (B, T)
            attention_mask=mask,
            position_ids=(mask.cumsum(-1) - 1).clamp(min=0)[:, before:],
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits: torch.Tensor = out.logits[:, -1].float()
        return logits


def _common(prompts: Sequence[Prompt]) -> int:
    """How many tokens all of them begin with. The first and the last in order decide."""
    first, last = min(prompts), max(prompts)
    for place, (one, other) in enumerate(zip(first, last, strict=False)):
        if one != other:
            return place
    return min(len(first), len(last))


def _alike(sized: list[tuple[int, int]], before: int) -> list[list[int]]:
    """Places of prompts, given as (length, place), for one pass each: of prompts whose rest after
    `before` tokens is so much alike in length that little is padding, and of at most MOST."""
    passes: list[list[int]] = []
    shortest = 0
    for length, place in sorted(sized):
        rest = length - before
        fits = passes and rest * (len(passes[-1]) + 1) <= MOST
        if fits and rest <= 1.1 * shortest + 8:
            passes[-1].append(place)
        else:
            passes.append([place])
            shortest = rest
    return passes
