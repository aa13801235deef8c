"""Log-probabilities in a server's answer: both shapes, and whether they can be believed.

Servers write them in two shapes. "chat" is a list of rows under `logprobs.content`, "completions"
three lists side by side; llama.cpp answers /completions in the chat shape. All values are in nats.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from limbeck.errors import Malformed
from limbeck.vocabulary import piece

Shape = Literal["chat", "completions"]
ABOVE_ZERO = 1e-3  # what rounding may add to a log-probability of 0
SENTINEL = -1000.0  # at or below it stands for "unlikely" (OpenAI and vLLM write -9999), no value


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One token's text, its log-probability (None: the server gave none), and the likeliest
    tokens at its place with theirs. A piece of a character is "bytes:..." where its bytes came,
    see `vocabulary.piece`."""

    text: str
    logprob: float | None
    top: tuple[tuple[str, float], ...] = ()


def read_logprobs(choice: Mapping[str, Any]) -> tuple[Shape, list[TokenLogprob]] | None:
    """The shape and the tokens of one choice of an answer, None where there are none.

    Raises Malformed for what is in neither shape.
    """
    row = choice.get("logprobs")
    if not isinstance(row, Mapping):
        return None
    content, texts = row.get("content"), row.get("tokens")
    if isinstance(content, list) and content:
        return "chat", [_of_chat(token) for token in content]
    if isinstance(texts, list) and texts:
        return "completions", _of_completions(texts, row)
    return None


def _of_chat(row: Any) -> TokenLogprob:
    if not isinstance(row, Mapping) or not isinstance(row.get("token"), str):
        raise Malformed("the log-probabilities hold a row without a token")
    top = []
    for one in row.get("top_logprobs") or ():
        value = _number(one.get("logprob")) if isinstance(one, Mapping) else None
        if value is not None:
            top.append((_text(one), value))
    return TokenLogprob(_text(row), _number(row.get("logprob")), tuple(top))


def _text(row: Mapping[str, Any]) -> str:
    """The token's text, from its bytes where that shows a piece of a character as U+FFFD."""
    text, data = str(row.get("token", "")), row.get("bytes")
    if "\ufffd" not in text or not isinstance(data, list) or not data:
        return text
    try:
        return piece(bytes(data))
    except (TypeError, ValueError):
        return text


def _of_completions(texts: list[Any], row: Mapping[str, Any]) -> list[TokenLogprob]:
    values, tops = row.get("token_logprobs"), row.get("top_logprobs")
    if not isinstance(values, list) or len(values) != len(texts):
        raise Malformed("the log-probabilities are not as many as the tokens")
    if not isinstance(tops, list) or len(tops) != len(texts):
        tops = [None] * len(texts)
    found = []
    for text, value, top in zip(texts, values, tops, strict=True):
        pairs = top.items() if isinstance(top, Mapping) else ()
        kept = [(name, number) for name, one in pairs if (number := _number(one)) is not None]
        found.append(TokenLogprob(str(text), _number(value), tuple(kept)))
    return found


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def to_meta(tokens: Sequence[TokenLogprob]) -> dict[str, Any]:
    """What a record keeps of them under `logprobs`: the tokens' texts, their log-probabilities
    and the likeliest at their places, in nats, to six decimals."""
    return {
        "tokens": [token.text for token in tokens],
        "logprobs": [None if t.logprob is None else round(t.logprob, 6) for t in tokens],
        "top": [[[text, round(value, 6)] for text, value in token.top] for token in tokens],
    }


def from_meta(row: Any) -> list[TokenLogprob]:
    """The inverse of `to_meta`. Raises ValueError for what it did not write."""
    try:
        columns = zip(row["tokens"], row["logprobs"], row["top"], strict=True)
        return [
            TokenLogprob(str(text), value, tuple((str(name), float(one)) for name, one in top))
            for text, value, top in columns
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"these are no log-probabilities: {error}") from error


def alternatives(tokens: Sequence[TokenLogprob]) -> int:
    """How many likeliest tokens came with each token, at least.

    Raises Malformed where a token has no log-probability or where the values are none: above 0,
    more than 1 in sum, or all the same.
    """
    for token in tokens:
        _check(token.logprob)
        values = [value for _, value in token.top]
        if values and sum(map(math.exp, map(_check, values))) > 1 + ABOVE_ZERO:
            raise Malformed("the probabilities at one place sum to more than 1")
        if len(values) > 1 and max(values) == min(values):
            raise Malformed("all tokens at one place have the same log-probability")
    return min(sum(value > SENTINEL for _, value in token.top) for token in tokens)


def _check(value: float | None) -> float:
    if value is None:
        raise Malformed("a token has no log-probability")
    if value > ABOVE_ZERO:
        raise Malformed(f"a log-probability is {value:g}, above 0")
    return value


def echoed(choice: Mapping[str, Any], prompt: str) -> list[TokenLogprob]:
    """The prompt's own tokens in an answer with `echo`: their texts joined are the prompt, and
    each has a log-probability, but for the first where nothing stands before it. Text of which
    the server shows tokens as pieces of characters stands at the first of them, the others are "".

    Raises Malformed, whose message goes on after "accepted, but".
    """
    text = choice.get("text")
    if not isinstance(text, str) or not text.startswith(prompt):
        raise Malformed("the prompt is not echoed, nor are its log-probabilities")
    read = read_logprobs(choice)
    if read is None or "".join(token.text for token in read[1]) == text[len(prompt) :]:
        raise Malformed("the prompt's log-probabilities are missing")
    own = _aligned(_plain(read[1], prompt), text, len(prompt))
    for token in own[1:]:
        if token.logprob is None:
            raise Malformed("some of the prompt's log-probabilities are missing")
        _check(token.logprob)
    return own


def _aligned(tokens: list[TokenLogprob], text: str, length: int) -> list[TokenLogprob]:
    """The tokens of the text's first `length` characters."""
    own: list[TokenLogprob] = []
    at = 0
    while at < length:
        start = after = len(own)
        if start == len(tokens):
            raise Malformed("the prompt's log-probabilities are missing")
        while after < len(tokens) and _is_piece(tokens[after]):
            after += 1
        if after > start:
            end = text.find(tokens[after].text, at + 1) if after < len(tokens) else len(text)
            own += [replace(token, text="") for token in tokens[start:after]]
            own[start] = replace(tokens[start], text=text[at:end])
        else:
            token = tokens[start]
            own.append(token)
            end = at + len(token.text) if text.startswith(token.text, at) else -1
        if end < 0:
            break
        at = end
    if at != length:
        raise Malformed("the tokens that came do not add up to the prompt")
    return own


def _is_piece(token: TokenLogprob) -> bool:
    """Whether a token is shown as a part of a character: by U+FFFD, or OpenAI's "bytes:"."""
    return "\ufffd" in token.text or token.text.startswith("bytes:\\x")


def _plain(tokens: list[TokenLogprob], prompt: str) -> list[TokenLogprob]:
    """The tokens without a token of the model's own that stands before the prompt, and with
    SentencePiece's mark for a space as a space."""
    if "▁" not in prompt:
        tokens = [replace(token, text=token.text.replace("▁", " ")) for token in tokens]
    if len(tokens) > 1 and tokens[0].logprob is None and not _begins(tokens[0].text, prompt):
        tokens = tokens[1:]
    first = tokens[0]
    if first.text.startswith(" ") and not prompt.startswith(" "):
        tokens = [replace(first, text=first.text[1:]), *tokens[1:]]
    return tokens


def _begins(text: str, prompt: str) -> bool:
    return bool(text.strip()) and prompt.startswith(text.removeprefix(" "))


def per_token(tokens: Sequence[TokenLogprob], start: int) -> float:
    """The mean log-probability of the tokens that reach beyond character `start` of their text."""
    end, values = 0, []
    for token in tokens:
        end += len(token.text)
        if end > start and token.logprob is not None:
            values.append(token.logprob)
    return math.fsum(values) / len(values)
