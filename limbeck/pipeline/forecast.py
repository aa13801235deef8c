"""What `limbeck estimate` found, as data and as text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from limbeck.money import MILLION, PICO, Rates, dollars
from limbeck.pipeline.sample import Interval

NOT_IN_IT = (
    "the evaluation's own calls to the teacher",
    "duplicates between a prompt's paths, and more of them the larger a run grows",
    "retries that a server bills, and discounts for cached prompts and for batches",
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A whole run, predicted. Intervals are 95% ones; money is in pico-dollars.

    Of `requests`, the ledger held `found` before and `asked` are new in the sample; `left` are
    still to ask. `answered` of the `sampled` requests had an answer, `failed` counts the others
    by reason. Tokens and `cost` are of the whole run, `to_pay` of what is left; both are None
    where no price is known. `counted` is False where the server counts no tokens and they are
    guessed from the texts. The run can bring `rows`: one a request, or fewer where several make one
    together; of the `sampled_rows` every filter kept `kept`: `survival`.
    `prompts` is how many to have for `good` such rows.
    """

    teacher: str
    seeds: int
    requests: int
    rows: int
    found: int
    sampled: int
    sampled_rows: int
    asked: int
    answered: int
    failed: Mapping[str, int]
    left: int
    counted: bool
    prompt_tokens: Interval
    completion_tokens: Interval
    rates: Rates | None
    cost: Interval | None
    to_pay: Interval | None
    kept: int
    survival: Interval
    good: int | None = None
    prompts: Interval | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; money in dollars."""
        row = {name: getattr(self, name) for name in self.__slots__}
        for name in ("cost", "to_pay"):
            money = row.pop(name)
            row[f"{name}_usd"] = money and money.times(1 / PICO)
        row["failed"] = dict(self.failed)
        row["price_source"] = self.rates and self.rates.source
        row["rates"] = self.rates and {
            key: value for key, value in asdict(self.rates).items() if key != "source"
        }
        row["not_in_it"] = list(NOT_IN_IT)
        return {k: v.to_json() if isinstance(v, Interval) else v for k, v in row.items()}


def render(made: Estimate) -> str:
    """The estimate for a terminal, no line ending at the end."""
    lines = [
        f"{made.teacher}: {made.requests:,} requests from {made.seeds:,} prompts; "
        f"{made.found:,} were in the ledger, {made.asked:,} were asked for this estimate, "
        f"{made.left:,} are left"
    ]
    if made.failed:
        reasons = ", ".join(f"{count} {reason}" for reason, count in made.failed.items())
        lines.append(
            f"{sum(made.failed.values())} of the {made.sampled} sampled requests failed "
            f"({reasons}); the tokens below are as if all were answered"
        )
    if not made.counted:
        lines.append("the server counts no tokens: they are guessed from the texts, rather high")
    rows = [
        ("whole run", "estimate", "95% interval"),
        _row("prompt tokens", made.prompt_tokens, _count),
        _row("completion tokens", made.completion_tokens, _count),
    ]
    if made.rates is not None and not made.rates.free and made.cost and made.to_pay:
        rows += [_row("cost", made.cost, _money), _row("still to pay", made.to_pay, _money)]
    rows.append(_row("good rows", made.survival.times(made.rows), _count))
    if made.prompts is not None:
        rows.append(_row(f"prompts for {made.good:,} good rows", made.prompts, _count))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines += [f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
    survived = made.survival
    came = f"requests {made.kept} gave a row that every filter kept"
    if made.rows < made.requests:
        came = f"rows {made.kept} passed every filter"
    lines.append(
        f"Good rows: of {made.sampled_rows} sampled {came}: "
        f"{survived.value:.0%} [{survived.low:.0%}, {survived.high:.0%}]."
    )
    lines.append(_about_price(made.rates))
    lines.append("Not in it: " + "; ".join(NOT_IN_IT) + ".")
    return "\n".join(lines)


def _row(label: str, told: Interval, show: Callable[[float], str]) -> tuple[str, str, str]:
    return label, show(told.value), f"[{show(told.low)}, {show(told.high)}]"


def _count(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "no bound"


def _money(value: float) -> str:
    return dollars(round(value))


def _about_price(rates: Rates | None) -> str:
    if rates is None:
        return (
            "Price: none is known for this model; put teacher.price (input and output, in dollars "
            "per million tokens) into the recipe to see the cost."
        )
    if rates.free:
        return f"Price: {rates.source}."
    given, output = (dollars(rate * MILLION) for rate in (rates.input, rates.output))
    return (
        f"Price: {given} in, {output} out per million tokens, {rates.source}; prices change, and "
        "teacher.price in the recipe overrides."
    )
