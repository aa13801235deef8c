"""A server for the probe: an honest one, and every way in which real ones fall short of it."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from limbeck.recipe import TeacherSection
from limbeck.record import content_hash
from limbeck.teachers.capabilities import Capabilities
from limbeck.teachers.openai import OpenAITeacher
from limbeck.teachers.probe import probe
from limbeck.testing import Answer, ApiServer
from limbeck.testing.server import error_body, prompt_text

KEY = "sk-secret-0123456789"
Script = Callable[[dict[str, Any], int], Answer | None]
WORDS = ("salt", "wave", "bird", "море", "été", "海", "🙂", "stone", "wind", "boat", "sand")
COUNTING = ("One", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass
class Server:
    """A script for ApiServer. Every field that is not at its default is one shortcoming."""

    chat: bool = True
    completions: bool = True
    chat_top: int = 20  # the most that is accepted; 0: logprobs are refused
    completion_top: int = 20
    delivered: int = 20  # the most that is delivered, whatever is accepted; 0: no logprobs at all
    shape: Literal["completions", "chat"] = "completions"
    echo: Literal["whole", "ignored", "text", "holes", "constant", "reversed", "noisy"] = "whole"
    first: Literal["plain", "bos", "sentencepiece"] = "plain"
    n: Literal["honoured", "ignored", "refused"] = "honoured"
    seed: Literal["honoured", "ignored", "greedy"] = "honoured"
    stop: Literal["honoured", "ignored", "refused"] = "honoured"
    limit_names: tuple[str, ...] = ("max_tokens", "max_completion_tokens")
    unknown_names: Literal["ignored", "refused"] = "ignored"
    usage: bool = True
    top_value: float | None = None  # every log-probability of likeliest tokens

    def __call__(self, body: dict[str, Any], number: int) -> Answer | None:
        raw = "prompt" in body
        if not (self.completions if raw else self.chat):
            return Answer({"detail": "Not Found"}, 404)
        refusal = self._refusal(body, raw)
        if refusal:
            return Answer(error_body(refusal, "unsupported_parameter"), 400)
        names = ("max_tokens",) if raw else self.limit_names
        limit = min([body[name] for name in names if name in body], default=100)
        kept = body.get("n", 1) if self.n == "honoured" else 1
        choices = [self._choice(body, raw, limit, number, index) for index in range(kept)]
        answer: dict[str, Any] = {"object": "text_completion", "choices": choices}
        if self.usage:
            prompt = len(prompt_text(body).split())
            answer["usage"] = {"prompt_tokens": prompt, "completion_tokens": limit}
        return Answer(answer)

    def _refusal(self, body: dict[str, Any], raw: bool) -> str:
        top = body.get("logprobs") if raw else body.get("top_logprobs")
        if top is not None and top > (self.completion_top if raw else self.chat_top):
            return "top_logprobs is too large"
        if "n" in body and self.n == "refused":
            return "n must be 1"
        if "stop" in body and self.stop == "refused":
            return "stop is not supported"
        if self.unknown_names == "refused" and not raw:
            for name in ("max_tokens", "max_completion_tokens"):
                if name in body and name not in self.limit_names:
                    return f"Unsupported parameter: {name!r}"
        return ""

    def _choice(
        self, body: dict[str, Any], raw: bool, limit: int, number: int, index: int
    ) -> dict[str, Any]:
        drawn_by = {
            "honoured": [body.get("seed", number), index],
            "ignored": [number, index],
            "greedy": [],
        }[self.seed]
        dice = random.Random(content_hash([prompt_text(body), drawn_by]))
        tokens = [" " + dice.choice(WORDS) for _ in range(limit)]
        text = "".join(tokens)
        for stop in body.get("stop", ()) if self.stop == "honoured" else ():
            text = text.split(stop)[0]
        choice: dict[str, Any] = {"index": index, "finish_reason": "length"}
        prompt = body["prompt"] if raw and body.get("echo") and self.echo != "ignored" else ""
        if raw:
            choice["text"] = prompt + text
        else:
            choice["message"] = {"role": "assistant", "content": text}
        top = body.get("logprobs") if raw else body.get("top_logprobs")
        if top and self.delivered:
            rows = [] if self.echo == "text" else self._of_prompt(prompt, number)
            rows += [(token, -1.0) for token in tokens]
            shape = self.shape if raw else "chat"
            choice["logprobs"] = self._written(rows, min(top, self.delivered), shape)
        return choice

    def _of_prompt(self, prompt: str, number: int) -> list[tuple[str, float | None]]:
        """The prompt's words: what counts on is likely, all else is not."""
        if not prompt:
            return []
        texts = re.findall(r"^\w+|,| \w+", prompt)
        scores: list[float | None] = [
            -0.5 if text.strip(" ,") in ("", *COUNTING) else -12.0 for text in texts
        ]
        if self.echo == "constant":
            scores = [-0.5] * len(texts)
        if self.echo == "reversed":
            scores = [-12.5 - score for score in scores if score is not None]
        if self.echo == "noisy":
            scores = [score - 3 * (number % 2) for score in scores if score is not None]
        if self.first != "bos":
            scores[0] = None
        if self.echo == "holes":
            scores[3:5] = [None, float("nan")]
        if self.first == "bos":
            texts, scores = ["<s>", *texts], [None, *scores]
        if self.first == "sentencepiece":
            texts = [text.replace(" ", "▁") for text in texts]
            texts[:1] = ["▁" + text for text in texts[:1]]
        return list(zip(texts, scores, strict=True))

    def _written(
        self, rows: list[tuple[str, float | None]], top: int, shape: str
    ) -> dict[str, Any]:
        tops = [
            [(f"~{i}", -1.0 - i if self.top_value is None else self.top_value) for i in range(top)]
            for _ in rows
        ]
        if shape == "completions":
            return {
                "tokens": [text for text, _ in rows],
                "token_logprobs": [score for _, score in rows],
                "top_logprobs": [dict(top) for top in tops],
            }
        content = [
            {
                "token": text,
                "logprob": score,
                "bytes": list(text.encode()),
                "top_logprobs": [{"token": name, "logprob": one} for name, one in top],
            }
            for (text, score), top in zip(rows, tops, strict=True)
        ]
        return {"content": content}


def probed(script: Script, **fields: Any) -> tuple[Capabilities, list[dict[str, Any]]]:
    """What the probe finds, and the bodies that it sent."""

    async def main(base_url: str) -> Capabilities:
        section = TeacherSection(model="openai:m-模型", base_url=base_url, timeout=5.0, **fields)
        teacher = OpenAITeacher("m-模型", section, KEY)
        try:
            return await probe(teacher, first_wait=0.001)
        finally:
            await teacher.aclose()

    with ApiServer(script=script, max_requests=100) as server:
        return asyncio.run(main(server.base_url)), server.bodies
