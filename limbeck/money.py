"""Money: prices, costs and counts in whole pico-dollars, so that every sum is exact.

A price of one dollar per million tokens is 1,000,000 pico-dollars a token. Floats are read from
recipes and never added up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import cache
from importlib import resources
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import yaml

from limbeck.protocols import Reply, Request, Usage
from limbeck.record import Message, canonical_json

PICO = 10**12  # pico-dollars in a dollar
MILLION = 10**6
Via = Literal["live", "batch"]

MESSAGE_TOKENS = 8  # what a chat template puts around one message, and a little for its start
ASCII = bytes(range(128))
DATED = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8})$")


class DollarPrice(Protocol):
    """Dollars per million tokens, as a recipe's `price` has them."""

    @property
    def input(self) -> float: ...
    @property
    def output(self) -> float: ...
    @property
    def cached(self) -> float | None: ...
    @property
    def batch(self) -> float: ...


class Section(Protocol):
    """What of a recipe's teacher section decides the price."""

    @property
    def model(self) -> str: ...
    @property
    def base_url(self) -> str | None: ...
    @property
    def price(self) -> DollarPrice | None: ...


@dataclass(frozen=True, slots=True)
class Rates:
    """What a token costs, in pico-dollars; `batch` in millionths is the batch API's factor.

    `source` says where the numbers are from, for people.
    """

    input: int
    output: int
    cached: int
    batch: int = MILLION
    source: str = ""

    @property
    def free(self) -> bool:
        return not (self.input or self.output or self.cached)


FREE = Rates(0, 0, 0, source="a model in this process costs nothing")


def price_of(section: Section) -> Rates | None:
    """The recipe's own price, else the list price of a known model, else None for unknown.

    Teachers that run in this process cost nothing.
    """
    price = section.price
    if price is not None:
        cached = price.input if price.cached is None else price.cached
        return _rates(price.input, price.output, cached, price.batch, "the recipe's price")
    kind, _, model = section.model.partition(":")
    if kind != "openai":
        return FREE
    host = urlsplit(section.base_url or "").hostname or ""
    as_of, hosts = _table()
    listed = hosts.get(host, {})
    row = listed.get(model) or listed.get(DATED.sub("", model))
    if row is None:
        return None
    cached = row.get("cached", row["input"])
    source = f"the list price known in {as_of}"
    return _rates(row["input"], row["output"], cached, row.get("batch", 1), source)


@cache
def _table() -> tuple[str, Mapping[str, Mapping[str, Mapping[str, float]]]]:
    text = (resources.files("limbeck") / "prices.yaml").read_text(encoding="utf-8")
    table: dict[str, Any] = yaml.safe_load(text)
    return table["as_of"], table["hosts"]


def _rates(given: float, output: float, cached: float, batch: float, source: str) -> Rates:
    return Rates(
        input=_whole(given, MILLION),
        output=_whole(output, MILLION),
        cached=_whole(cached, MILLION),
        batch=_whole(batch, MILLION),
        source=source,
    )


def _whole(value: float, times: int) -> int:
    """A decimal number, as it was written, times a whole one; rounded up: never too cheap."""
    return int((Decimal(str(value)) * times).to_integral_value(ROUND_CEILING))


def from_dollars(value: float) -> int:
    """Pico-dollars of an amount in dollars, as it was written."""
    return _whole(value, PICO)


def cost(usage: Usage, rates: Rates, via: Via = "live") -> int:
    """Pico-dollars of what was used."""
    fresh = usage.prompt_tokens - usage.cached_tokens
    total = (
        fresh * rates.input
        + usage.cached_tokens * rates.cached
        + usage.completion_tokens * rates.output
    )
    return total if via == "live" else -(-total * rates.batch // MILLION)


def dollars(amount: int) -> str:
    """Pico-dollars for people: cents from ten cents on ("$1,234.50"), below that three
    significant digits ("$0.0123"); never scientific."""
    if amount < 0:
        return f"-{dollars(-amount)}"
    if amount == 0:
        return "$0"
    value = Decimal(amount) / PICO
    if amount * 10 >= PICO:
        return f"${value:,.2f}"
    decimals = len(str(PICO)) + 2 - len(str(amount))
    whole, _, part = f"{value:.{decimals}f}".partition(".")
    return f"${whole}.{part.rstrip('0').ljust(2, '0')}"


def tokens(count: int) -> str:
    """A count of tokens for people: "950 tokens", "12.3k tokens", "1.2M tokens"."""
    if count < 1000:
        return f"{count} tokens"
    for size, unit in ((10**3, "k"), (10**6, "M"), (10**9, "G")):
        if count * 20 < 19999 * size:  # below 999.95: it would not round up to the next unit
            return f"{count / size:.1f}{unit} tokens"
    return f"{count / 10**9:,.1f}G tokens"


def text_tokens(text: str) -> int:
    """A careful guess of a text's tokens: a third of its ASCII bytes, half of the others.

    English has about four bytes a token, so this is high by a third; Chinese comes out at 1.5
    tokens a character and an emoji at 2, as older tokenisers have them.
    """
    if text.isascii():
        return (len(text) + 2) // 3
    whole = text.encode("utf-8", "surrogatepass")
    wide = len(whole.translate(None, ASCII))
    return (len(whole) - wide + 2) // 3 + (wide + 1) // 2


def estimate_tokens(messages: Request | Sequence[Message]) -> int:
    """A careful guess of a prompt's tokens without its tokeniser, template included."""
    turns = messages.messages if isinstance(messages, Request) else messages
    total = 0
    for turn in turns:
        total += MESSAGE_TOKENS + text_tokens(turn.content)
        if not turn.is_plain:
            total += text_tokens(canonical_json(turn.to_json()))
    if isinstance(messages, Request) and messages.fields:
        total += text_tokens(canonical_json(dict(messages.fields)))
    return total


def counted(request: Request, reply: Reply) -> Usage:
    """The reply's usage as the server counted it, else a guess from the texts."""
    usage = reply.usage
    if usage.prompt_tokens or usage.completion_tokens:
        return usage
    return Usage(estimate_tokens(request), min(text_tokens(reply.text), request.max_tokens))


class Meter:
    """Counts of one stage: the teacher stack writes them, the progress view reads them.

    `found` calls were answered by the ledger, `failed` got no answer in the end: whoever knows
    adds to them. `new` calls were answered by the teacher and `wasted` ones brought nothing
    although they may be billed; both come with their tokens, through `answered` and `waste`.
    `rates` is None where no price is known.
    """

    def __init__(self, rates: Rates | None = None) -> None:
        self.rates = rates
        self.found = 0
        self.new = 0
        self.failed = 0
        self.wasted = 0
        self._tokens = [0, 0, 0]  # prompt, completion, cached
        self._cost = 0
        self.wasted_usage = Usage()
        self._wasted_cost = 0

    def answered(self, usage: Usage, via: Via = "live") -> None:
        """One new answer."""
        self.new += 1
        sums = self._tokens  # whole numbers in place: this is done for every answer
        sums[0] += usage.prompt_tokens
        sums[1] += usage.completion_tokens
        sums[2] += usage.cached_tokens
        if self.rates is not None:
            self._cost += cost(usage, self.rates, via)

    def waste(self, usage: Usage, via: Via = "live") -> None:
        """One attempt that brought nothing and used these tokens, or at most these."""
        self.wasted += 1
        self.wasted_usage += usage
        if self.rates is not None:
            self._wasted_cost += cost(usage, self.rates, via)

    @property
    def usage(self) -> Usage:
        """The tokens of the new answers."""
        return Usage(*self._tokens)

    @property
    def cost(self) -> int | None:
        """Pico-dollars of everything new, the wasted part included; None for no known price."""
        return None if self.rates is None else self._cost + self._wasted_cost

    @property
    def wasted_cost(self) -> int | None:
        """Pico-dollars, at most, of what brought nothing."""
        return None if self.rates is None else self._wasted_cost

    def note(self) -> str:
        """ "411 new, $0.12"; tokens where no price is known; no money for local teachers."""
        parts = [f"{self.new} new"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.rates is None:
            used = self.usage + self.wasted_usage
            parts.append(tokens(used.prompt_tokens + used.completion_tokens))
        elif not self.rates.free:
            parts.append(dollars(self._cost + self._wasted_cost))
        return ", ".join(parts)
