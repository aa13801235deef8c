"""Log-likelihoods from local weights, in nats.

Every context is computed once for all its continuations, what many contexts begin with once for
all of them, and the output head runs on the continuations only.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from limbeck.errors import UserError
from limbeck.hf import Loaded, chat_prompt
from limbeck.record import Message, messages_json
from limbeck.special_tokens import masked, tokenized, unmasked
from limbeck.teachers.beginnings import COST, Batch, Row, Tokens, containing, plan
from limbeck.teachers.kv_cache import require_plain_attention
from limbeck.teachers.past import Past, padded

Context = str | tuple[Message, ...]
"""A plain text to be continued, or a chat whose next turn is wanted. A chat that ends with an
assistant's turn has that turn's text as the answer's first words."""

PIECE = 256  # tokens of a long text whose logits are in memory at once


@dataclass(frozen=True, slots=True)
class _Job:
    """One continuation: the row in which it is computed, and what is to follow its inputs."""

    place: int
    row: Row
    targets: Tokens


class Scorer:
    """(log-likelihood, is greedy) of continuations; of every token of a text; of the next token.

    `budget` bounds the padded tokens of one forward pass of several rows, `cache_budget` those
    whose keys and values are in memory at once, beside the one beginning that is kept. Everything
    raises UserError for a text that does not fit the model's window, and for a chat that its
    template refuses.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        budget: int = 4096,
        cache_budget: int = 16384,
        on_done: Callable[[int], None] = lambda count: None,
    ) -> None:
        require_plain_attention(loaded.model.config)
        self._model = loaded.model
        self._tokenizer = loaded.tokenizer
        self._name = str(loaded.name)
        self._budget = budget
        self._cache_budget = cache_budget
        self._on_done = on_done
        layers = DynamicCache(config=loaded.model.config).layers
        # A window counts columns, and between a beginning and the rest some stay empty.
        shares = all(type(layer) is DynamicLayer for layer in layers)
        self._cost = COST if shares else math.inf

    @torch.inference_mode()
    def __call__(self, pairs: Sequence[tuple[Context, str]]) -> list[tuple[float, bool]]:
        jobs = [self._job(place, context, text) for place, (context, text) in enumerate(pairs)]
        scores = [(0.0, True)] * len(jobs)
        asked = [job for job in jobs if job.targets]  # else there is nothing to score
        if len(asked) < len(jobs):
            self._on_done(len(jobs) - len(asked))
        rows = containing(job.row for job in asked)
        together: dict[Row, list[_Job]] = {}
        for job in asked:
            together.setdefault(rows[job.row], []).append(job)
        beginning: Tokens = ()
        begun: Past | None = None
        for batch in plan(
            together, budget=self._budget, cache_budget=self._cache_budget, cost=self._cost
        ):
            if batch.beginning != beginning:
                begun = None  # it is freed before the next is computed
                beginning, begun = batch.beginning, self._begin(batch.beginning)
            members = [together[row] for row in batch.rows]
            for job, result in self._score(batch, members, begun):
                scores[job.place] = result
            self._on_done(sum(map(len, members)))
        return scores

    @torch.inference_mode()
    def token_logprobs(self, context: Context) -> list[tuple[str, float | None]]:
        """Every token of the context's text with its log-probability given those before it.

        The texts joined are the context's: a character of several tokens stands at the first of
        them, and the others are "". The first token has None, unless the tokenizer begins texts
        with a token of its own, which is not listed.
        """
        text = self._text(context)
        coded = tokenized(
            self._tokenizer,
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
        done, said = 0, unmasked(self._tokenizer, text)
        for (start, end), added, likelihood in zip(
            coded["offset_mapping"], coded["special_tokens_mask"], likelihoods, strict=False
        ):
            if added and start == end:  # it stands for no text
                continue
            found.append((said[done : max(end, done)], likelihood))
            done = max(end, done)
        return found

    @torch.inference_mode()
    def next_tokens(self, context: Context, count: int) -> list[tuple[str, float]]:
        """The `count` likeliest tokens after the context and their log-probabilities, the
        likeliest first. A token that is a part of a character shows as U+FFFD."""
        special = isinstance(context, str)
        text = self._text(context)
        ids = tokenized(self._tokenizer, text, add_special_tokens=special)["input_ids"]
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
        whole = tokenized(
            self._tokenizer,
            before + (text if special else masked(self._tokenizer, text)),
            add_special_tokens=special,
            return_offsets_mapping=True,
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
        row = Row(tuple(ids[: start - 1]), tuple(ids[start - 1 : -1]))
        return _Job(place, row, tuple(ids[start:]))

    def _text(self, context: Context) -> str:
        if isinstance(context, str):
            return context
        turns, prefix = messages_json(context), ""
        if turns[-1]["role"] == "assistant":  # lm-eval's gen_prefix: the answer's first words
            prefix = masked(self._tokenizer, turns.pop()["content"])
        return chat_prompt(self._tokenizer, turns) + prefix

    def _score(
        self, batch: Batch, members: Sequence[Sequence[_Job]], begun: Past | None
    ) -> list[tuple[_Job, tuple[float, bool]]]:
        """The jobs of each row of the batch, with their results."""
        jobs: list[_Job] = []
        places: list[int] = []  # of the targets, among all inputs of the batch
        start = 0
        for row, group in zip(batch.rows, members, strict=True):
            for job in group:
                jobs.append(job)
                places += range(start, start + len(job.targets))
            start += len(row.inputs)
        likelihoods = self._logits(batch, begun).float().log_softmax(-1)
        at = torch.tensor(places, device=likelihoods.device)
        wanted = torch.tensor([one for job in jobs for one in job.targets], device=at.device)
        chosen = likelihoods[at, wanted].double()
        greedy = likelihoods.argmax(-1)[at] == wanted
        sizes = [len(job.targets) for job in jobs]
        parts = (torch.split(one, sizes) for one in (chosen, greedy))
        results = [(float(part.sum()), bool(hits.all())) for part, hits in zip(*parts, strict=True)]
        return list(zip(jobs, results, strict=True))

    def _logits(self, batch: Batch, begun: Past | None) -> torch.Tensor:
        """The logits (tokens, V) after each of the rows' inputs, one row after the other."""
        shared = len(batch.beginning)
        inputs = [row.inputs for row in batch.rows]
        contexts = Counter(row.prefix[shared:] for row in batch.rows)  # in the rows' order
        alone = len(contexts) == len(inputs) or not any(contexts)
        if alone:  # no two rows have a context to share: all in one pass
            past = self._past(begun, len(inputs), kept=False)
            texts = [row.prefix[shared:] + row.inputs for row in batch.rows]
        else:
            past = self._past(begun, len(contexts), kept=True)
            self._model.base_model(**past.inputs(list(contexts)))
            past.repeat(list(contexts.values()))
            texts = inputs
        # What follows a context is padded on the right: a window lets no column stay empty before.
        _, real = padded(inputs, self._model.device, left=alone)
        kept = real.shape[1]
        logits = self._model(**past.inputs(texts, left=alone), logits_to_keep=kept).logits
        wanted: torch.Tensor = logits[real.bool()]
        return wanted

    def _begin(self, beginning: Tokens) -> Past | None:
        """A beginning computed once; None if it is empty."""
        if not beginning:
            return None
        past = Past.empty(self._model, 1, kept=True)
        self._model.base_model(**past.inputs([beginning]))
        return past

    def _past(self, begun: Past | None, rows: int, *, kept: bool) -> Past:
        return begun.copied(rows) if begun else Past.empty(self._model, rows, kept=kept)
