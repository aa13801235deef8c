"""What the evaluation asks of a model that is paid, as data and as text: a worst case, no guess."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.cells import cell_len

from limbeck.evals.pages.wording import visible
from limbeck.money import PICO, Rates, cost, dollars
from limbeck.protocols import Usage

TITLE = "evaluation, at most"
COUNTS = ("calls", "prompt tokens", "completion tokens", "cost")
UNKNOWN = "not known"
WORST = (
    "Evaluation: as if every answer were as long as it may be, and none of it were in the ledger."
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the evaluation: the most calls, and tokens of all its prompts and completions;
    None for what cannot be known before, and then `unknown` says why."""

    name: str
    calls: int | None
    prompt_tokens: int | None
    completion_tokens: int | None
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """All that one model is asked. `rates` are None where no price is known."""

    model: str
    rates: Rates | None
    parts: tuple[Part, ...]

    @property
    def unknown(self) -> list[str]:
        """What is not in the sum, in words."""
        return [f"{part.name}: {part.unknown}" for part in self.parts if part.unknown]

    @property
    def total(self) -> Part:
        """The sum of what is known."""
        return Part(
            "all of it" if not self.unknown else "all that is known",
            sum(part.calls or 0 for part in self.parts),
            sum(part.prompt_tokens or 0 for part in self.parts),
            sum(part.completion_tokens or 0 for part in self.parts),
        )

    def cost(self, part: Part) -> int | None:
        """Pico-dollars; None where no price is known, or nothing of the part."""
        if self.rates is None or part.calls is None:
            return None
        return cost(Usage(part.prompt_tokens or 0, part.completion_tokens or 0), self.rates)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; money in dollars."""
        return {
            "model": self.model,
            "parts": [self._row(part) for part in self.parts],
            "total": self._row(self.total),
            "unknown": self.unknown,
            "price_source": self.rates and self.rates.source,
        }

    def _row(self, part: Part) -> dict[str, Any]:
        money = self.cost(part)
        return asdict(part) | {"cost_usd": None if money is None else money / PICO}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What teacher and judge are asked; None for one that is not, or that costs nothing."""

    teacher: Bill | None
    judge: Bill | None

    @property
    def bills(self) -> list[Bill]:
        return [bill for bill in (self.teacher, self.judge) if bill is not None and bill.parts]

    def to_json(self) -> dict[str, Any]:
        return {name: bill and bill.to_json() for name, bill in self._named}

    @property
    def _named(self) -> list[tuple[str, Bill | None]]:
        return [("teacher", self.teacher), ("judge", self.judge)]


def lines(made: Evaluation) -> list[str]:
    """A table of the parts, what is not in it, and how it was reckoned; nothing where nothing is
    paid."""
    return [*table(made.bills, TITLE), WORST] if made.bills else []


def table(bills: Sequence[Bill], title: str) -> list[str]:
    """The parts of all bills, each with its sum, and what is not in it; `title` stands above the
    names."""
    rows: list[tuple[str, ...]] = [(title, *COUNTS)]
    for bill in bills:
        rows += [_row(bill, part) for part in bill.parts]
        if len(bill.parts) > 1:
            rows.append(_row(bill, bill.total))
    if all(bill.rates is None for bill in bills):
        rows = [row[:-1] for row in rows]
    unknown = [told for bill in bills for told in bill.unknown]
    more = [f"Not known before: {visible('; '.join(unknown), one_line=True)}."] if unknown else []
    return [*_aligned(rows), *more]


def _row(bill: Bill, part: Part) -> tuple[str, ...]:
    counts = (part.calls, part.prompt_tokens, part.completion_tokens)
    money = bill.cost(part)
    told = "" if money is None else dollars(money)
    if told and None in counts:
        told = f"{told} and more"
    name = visible(part.name, one_line=True)
    return (name, *(UNKNOWN if one is None else f"{one:,}" for one in counts), told)


def _aligned(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Names may be Chinese, of two columns a character."""
    table = list(rows)
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    for first, *others in table:
        name = first + " " * (widths[0] - cell_len(first))
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([name, *cells]).rstrip()
