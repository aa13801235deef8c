"""The models under evaluation, as lm-eval sees them.

One class for all three roles. Text is written by a Teacher (the ledger remembers what a paid one
said); likelihoods come from local weights, and a black box simply has none. A chat context
travels as JSON messages, so that items and prompts hash alike for every model.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM

from limbeck.aio import map_ordered, run
from limbeck.errors import AskError, UserError
from limbeck.evals.tasks import FAILED, Cut
from limbeck.protocols import Request, Teacher
from limbeck.record import Message, to_messages, user
from limbeck.teachers.drain import draining
from limbeck.teachers.scoring import Context


class Chat(str):
    """The JSON of a chat's messages, as it travels through lm-eval. A plain text that looks like
    one is none."""

    __slots__ = ()


class RoleLM(LM):  # type: ignore[misc]  # lm_eval ships no types
    """lm-eval's model interface over a Teacher and, where there are weights, a scorer.

    `score(pairs)` gives (log-likelihood, is greedy) of each (context, continuation);
    `on_done(n)` is told of every n requests answered, `say` what Ctrl-C waits for. `demos` are
    turns that stand in every chat, after its system turn: lm-eval knows nothing of them, so that
    items and prompts hash as they do without.
    """

    def __init__(
        self,
        writer: Teacher,
        score: Callable[[Sequence[tuple[Context, str]]], list[tuple[float, bool]]] | None,
        *,
        width: int,
        max_tokens: int,
        demos: Sequence[Message] = (),
        on_done: Callable[[int], None] = lambda count: None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        super().__init__()
        self._demos = tuple(demos)
        self._writer = writer
        self._score = score
        self._width = width
        self._max_tokens = max_tokens
        self._on_done = on_done
        self._say = say
        self.failures: list[str] = []

    @property
    def tokenizer_name(self) -> str:
        return self._writer.name

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        return Chat(json.dumps(chat_history, ensure_ascii=False))

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> Any:
        if self._score is None:
            raise UserError(
                f"{self._writer.name} gives no log-likelihoods; set eval.form to generate"
            )
        # An item's options share its context, which may be long: it is read once, and kept once.
        contexts: dict[str, Context] = {}
        for context, _ in (request.args for request in requests):
            if context not in contexts:
                contexts[context] = self._context(context)
        return self._score([(contexts[r.args[0]], r.args[1]) for r in requests])

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> Any:
        if self._score is None:
            raise UserError(f"{self._writer.name} gives no log-likelihoods")
        scores = self._score([("", request.args[0]) for request in requests])
        return [likelihood for likelihood, _ in scores]

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        asked, repeats = [], Counter[int]()
        for request in requests:  # lm-eval repeats the very same object
            context, settings = request.args
            asked.append(self._request(context, settings, repeats[id(request)]))
            repeats[id(request)] += 1
        return run(self._write_all(asked))

    async def _write_all(self, requests: list[Request]) -> list[str]:
        async def write(request: Request) -> str:
            try:
                reply = await self._writer.ask(request)
                return Cut(reply.text) if reply.reason == "truncated" else reply.text
            except AskError as error:
                self.failures.append(f"{error.reason}: {error}")
                return FAILED

        texts: list[str] = []
        try:
            async with (
                draining(self._writer, self._say),
                map_ordered(write, requests, self._width) as results,
            ):
                async for text in results:
                    texts.append(text)
                    self._on_done(1)
        finally:
            await self._writer.aclose()
        return texts

    def _request(self, context: str, settings: dict[str, Any], repeat: int = 0) -> Request:
        read = self._context(context)
        stop = settings.get("until") or ()
        stop = (stop,) if isinstance(stop, str) else tuple(stop)
        sampled = bool(settings.get("do_sample", False))
        return Request(
            messages=(user(read),) if isinstance(read, str) else read,
            max_tokens=int(settings.get("max_gen_toks") or self._max_tokens),
            temperature=float(settings.get("temperature", 1.0)) if sampled else 0.0,
            top_p=float(settings.get("top_p", 1.0)),
            stop=stop,
            seed=repeat if sampled else None,
            index=repeat if sampled else 0,
            template="raw" if isinstance(read, str) else "chat",
        )

    def _context(self, text: str) -> Context:
        """What is really asked: the chat with the demos in it, or the plain text."""
        read = read_context(text)
        if isinstance(read, str) or not self._demos:
            return read
        head = int(read[0].role == "system")
        return (*read[:head], *self._demos, *read[head:])


def read_context(text: str) -> Context:
    """What `apply_chat_template` wrote, or the plain text."""
    if not isinstance(text, Chat):
        return text
    try:
        return to_messages(json.loads(text))
    except ValueError:
        return str(text)
