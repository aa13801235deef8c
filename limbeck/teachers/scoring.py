"""Log-likelihoods from local weights, in nats.

Every context is computed once for all its continuations, and the output head runs on the
continuations only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from transformers import DynamicCache

from limbeck.errors import UserError
from limbeck.hf import Loaded, chat_prompt
from limbeck.record import Message, messages_json
from limbeck.teachers.kv_cache import require_plain_attention

Context = str | tuple[Message, ...]
"""A plain text to be continued, or a chat whose next turn is wanted. A chat that ends with an
assistant's turn has that turn's text as the answer's first words."""

PIECE = 256  # tokens of a long text whose logits are in memory at once


@dataclass(frozen=True, slots=True)
class _Job:
    """One continuation: `prefix` all tokens before it but the last, `rest` that one and it."""

    place: int
    prefix: tuple[int, ...]
    rest: tuple[int, ...]


class Scorer:
    """(log-likelihood, is greedy) of continuations; of every token of a text; of the next token.

    `budget` bounds the padded tokens of one forward pass. Everything raises UserError for a text
    that does not fit the model's window, and for a chat that its template refuses.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        budget: int = 4096,
        on_done: Callable[[int], None] = lambda count: None,
    ) -> None:
        require_plain_attention(loaded.model.config)
        self._model = loaded.model
        self._tokenizer = loaded.tokenizer
        self._name = str(loaded.name)
        self._budget = budget
        self._on_done = on_done

    @torch.inference_mode()
    def __call__(self, pairs: Sequence[tuple[Context, str]]) -> list[tuple[float, bool]]:
        jobs = [self._job(place, context, text) for place, (context, text) in enumerate(pairs)]
        together: dict[tuple[int, ...], list[_Job]] = {}
        for job in jobs:
            if len(job.rest) > 1:  # else there is nothing to score
                together.setdefault(job.prefix, []).append(job)
        groups = [part for group in together.values() for part in self._parts(group)]
        groups.sort(key=lambda group: len(group[0].prefix))
        scores = [(0.0, True)] * len(jobs)
        for batch in self._batches(groups):
            for job, result in zip(*self._score(batch), strict=True):
                scores[job.place] = result
            self._on_done(sum(len(group) for group in batch))
        return scores

    @torch.inference_mode()
    def token_logprobs(self, context: Context) -> list[tuple[str, float | None]]:
        """Every token of the context's text with its log-probability given those before it.

        The texts joined are the context's: a character of several tokens stands at the first of
        them, and the others are "". The first token has None, unless the tokenizer begins texts
        with a token of its own, which is not listed.
        """
        text = self._text(context)
        coded = self._tokenizer(
            text,
            add_special_tokens=isinstance(context, str),
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        ids = list(coded["input_ids"])
        self._require_room(ids)
        cache = DynamicCache(config=self._model.config)
        likelihoods: list[float | None] = [None]
        for start in range(0, len(ids) - 1, PIECE):
            piece = torch.tensor([ids[start : start + PIECE]], device=self._model.device)
            logits = self._model(input_ids=piece, past_key_values=cache, use_cache=True).logits[0]
            wanted = torch.tensor(ids[start + 1 : start + 1 + PIECE], device=logits.device)
            chosen = logits[: len(wanted)].float().log_softmax(-1).gather(-1, wanted[:, None])
            likelihoods += chosen.squeeze(-1).tolist()
        found: list[tuple[str, float | None]] = []
        done = 0
        for (start, end), added, likelihood in zip(
            coded["offset_mapping"], coded["special_tokens_mask"], likelihoods, strict=False
        ):
            if added and start == end:  # it stands for no text
                continue
            found.append((text[done : max(end, done)], likelihood))
            done = max(end, done)
        return found

    @torch.inference_mode()
    def next_tokens(self, context: Context, count: int) -> list[tuple[str, float]]:
        """The `count` likeliest tokens after the context and their log-probabilities, the
        likeliest first. A token that is a part of a character shows as U+FFFD."""
        special = isinstance(context, str)
        ids = self._tokenizer(self._text(context), add_special_tokens=special)["input_ids"]
        ids = list(ids) or [self._first]
        self._require_room(ids)
        inputs = torch.tensor([ids], device=self._model.device)
        logits = self._model(input_ids=inputs, logits_to_keep=1, use_cache=False).logits[0, -1]
        values, tokens = logits.float().log_softmax(-1).topk(min(count, logits.shape[-1]))
        texts = [self._tokenizer.decode([token]) for token in tokens.tolist()]
        return list(zip(texts, values.tolist(), strict=True))

    @property
    def _first(self) -> int:
        """What stands before a text that has nothing before it."""
        bos = self._tokenizer.bos_token_id
        return int(self._tokenizer.eos_token_id if bos is None else bos)

    def _require_room(self, ids: Sequence[int]) -> None:
        window = getattr(self._model.config, "max_position_embeddings", None)
        if window is not None and len(ids) > window:
            raise UserError(
                f"an item of {len(ids)} tokens does not fit the {window} of {self._name}; "
                "leave it out: cutting it would score another question"
            )

    def _job(self, place: int, context: Context, text: str) -> _Job:
        before = self._text(context)
        special = isinstance(context, str)
        whole = self._tokenizer(
            before + text, add_special_tokens=special, return_offsets_mapping=True
        )
        ids = list(whole["input_ids"])
        # A token that reaches over the seam is part of the continuation.
        start = next(
            (i for i, (_, end) in enumerate(whole["offset_mapping"]) if end > len(before)),
            len(ids),
        )
        if start == 0:
            ids = [self._first, *ids]
            start = 1
        self._require_room(ids)
        return _Job(place, tuple(ids[: start - 1]), tuple(ids[start - 1 :]))

    def _text(self, context: Context) -> str:
        if isinstance(context, str):
            return context
        turns, prefix = messages_json(context), ""
        if turns[-1]["role"] == "assistant":  # lm-eval's gen_prefix: the answer's first words
            prefix = turns.pop()["content"]
        return chat_prompt(self._tokenizer, turns) + prefix

    def _batches(self, groups: list[list[_Job]]) -> list[list[list[_Job]]]:
        """Groups, the shortest prefix first, in batches within the budget (or of one group)."""
        batches: list[list[list[_Job]]] = []
        rows = longest = 0
        for group in groups:
            rows, longest = rows + len(group), max(longest, _longest_rest(group))
            if not batches or rows * (len(group[0].prefix) + longest) > self._budget:
                batches.append([])
                rows, longest = len(group), _longest_rest(group)
            batches[-1].append(group)
        return batches

    def _parts(self, group: list[_Job]) -> list[list[_Job]]:
        """A group that is larger than the budget in several: they may share no prefix at all."""
        size = max(1, self._budget // (len(group[0].prefix) + _longest_rest(group)))
        return [group[start : start + size] for start in range(0, len(group), size)]

    def _score(self, groups: list[list[_Job]]) -> tuple[list[_Job], list[tuple[float, bool]]]:
        jobs = [job for group in groups for job in group]
        device = self._model.device
        rest = _padded([job.rest[:-1] for job in jobs], device)  # (N, R) inputs
        targets = _padded([job.rest[1:] for job in jobs], device)
        lengths = torch.tensor([len(job.rest) - 1 for job in jobs], device=device)
        real = torch.arange(rest.shape[1], device=device)[None] < lengths[:, None]
        mask, cache = self._prefixes(groups)
        before = mask.sum(-1, keepdim=True)
        states = self._model(
            input_ids=rest,
            attention_mask=torch.cat([mask, real.long()], dim=-1),
            position_ids=before + torch.arange(rest.shape[1], device=device)[None],
            past_key_values=cache,
            use_cache=cache is not None,
            output_hidden_states=False,
        ).logits[real]  # (tokens, V)
        likelihoods = states.float().log_softmax(-1)
        wanted = targets[real]
        chosen = likelihoods.gather(-1, wanted[:, None]).squeeze(-1).double()
        greedy = likelihoods.argmax(-1) == wanted
        sizes = lengths.tolist()
        results = [
            (float(part.sum()), bool(hits.all()))
            for part, hits in zip(chosen.split(sizes), greedy.split(sizes), strict=True)
        ]
        return jobs, results

    def _prefixes(self, groups: list[list[_Job]]) -> tuple[torch.Tensor, Any]:
        """The key-value cache of every group's prefix, one row for each of its continuations."""
        device = self._model.device
        repeats = torch.tensor([len(group) for group in groups], device=device)
        width = max(len(group[0].prefix) for group in groups)
        if width == 0:
            return torch.zeros(int(repeats.sum()), 0, dtype=torch.long, device=device), None
        gaps = [width - len(group[0].prefix) for group in groups]
        ids = [[0] * gap + list(g[0].prefix) for gap, g in zip(gaps, groups, strict=True)]
        mask = torch.tensor([[0] * gap + [1] * (width - gap) for gap in gaps], device=device)
        cache = DynamicCache(config=self._model.config)
        self._model.base_model(
            input_ids=torch.tensor(ids, device=device),
            attention_mask=mask,
            position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
            past_key_values=cache,
            use_cache=True,
        )
        for layer in cache.layers:
            layer.keys = layer.keys.repeat_interleave(repeats, dim=0)
            layer.values = layer.values.repeat_interleave(repeats, dim=0)
        return mask.repeat_interleave(repeats, dim=0), cache


def _longest_rest(group: Sequence[_Job]) -> int:
    return max(len(job.rest) for job in group)


def _padded(rows: Sequence[Sequence[int]], device: Any) -> torch.Tensor:
    width = max(len(row) for row in rows)
    padded = [F.pad(torch.tensor(row, dtype=torch.long), (0, width - len(row))) for row in rows]
    return torch.stack(padded).to(device)
