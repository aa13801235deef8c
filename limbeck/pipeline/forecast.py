"""What `limbeck estimate` found, as data and as text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from limbeck.money import MILLION, PICO, Rates, dollars
from limbeck.pipeline.forecast_eval import Evaluation, lines
from limbeck.pipeline.sample import Interval

NOT_IN_IT = (
    "duplicates between a prompt's paths, and more of them the larger a run grows",
    "retries that a server bills, and discounts for cached prompts and for batches",
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What makes a run's rows, predicted. Intervals are 95% ones; money is in pico-dollars.

    Of `requests`, the ledger held `found` before and `asked` are new in the sample; `left` are
    still to ask. `answered` of the `sampled` requests had an answer, `failed` counts the others
    by reason. Tokens and `cost` are of the whole run, `to_pay` of what is left; both are None
    where no price is known. `counted` is False where the server counts no tokens and they are
    guessed from the texts. The run can bring `rows`: one a request, or fewer where several make one
    together; of the `sampled_rows` every filter kept `kept`: `survival`.
    `prompts` is how many to have for `good` such rows. `evaluation` is what comes on top: None
    where nobody is paid for it.
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
    evaluation: Evaluation | None = None

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
        row["evaluation"] = self.evaluation and self.evaluation.to_json()
        row["not_in_it"] = list(NOT_IN_IT)
        return {k: v.to_json() if isinstance(v, Interval) else v for k, v in row.items()}


def render(made: Estimate) -> str:
    """The estimate for a terminal, no line ending at the end."""
    told = [
        f"{made.teacher}: {made.requests:,} requests from {made.seeds:,} prompts; "
        f"{made.found:,} were in the ledger, {made.asked:,} were asked for this estimate, "
        f"{made.left:,} are left"
    ]
    if made.failed:
        reasons = ", ".join(f"{count} {reason}" for reason, count in made.failed.items())
        told.append(
            f"{sum(made.failed.values())} of the {made.sampled} sampled requests failed "
            f"({reasons}); the tokens below are as if all were answered"
        )
    if not made.counted:
        told.append("the server counts no tokens: they are guessed from the texts, rather high")
    rows = [
        ("generation" if made.evaluation else "whole run", "estimate", "95% interval"),
        _row("prompt tokens", made.prompt_tokens, _count),
        _row("completion tokens", made.completion_tokens, _count),
    ]
    if made.rates is not None and not made.rates.free and made.cost and made.to_pay:
        rows += [_row("cost", made.cost, _money), _row("still to pay", made.to_pay, _money)]
    rows.append(_row("good rows", made.survival.times(made.rows), _count))
    if made.prompts is not None:
        rows.append(_row(f"prompts for {made.good:,} good rows", made.prompts, _count))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    told += [f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
    survived = made.survival
    came = f"requests {made.kept} gave a row that every filter kept"
    if made.rows < made.requests:
        came = f"rows {made.kept} passed every filter"
    told.append(
        f"Good rows: of {made.sampled_rows} sampled {came}: "
        f"{survived.value:.0%} [{survived.low:.0%}, {survived.high:.0%}]."
    )
    told += lines(made.evaluation) if made.evaluation else []
    told.append(_about_price(made.rates))
    judge = made.evaluation and made.evaluation.judge
    if judge:
        told.append(_about_price(judge.rates, " of the judge", "eval.judge"))
    told.append("Not in it: " + "; ".join(NOT_IN_IT) + ".")
    return "\n".join(told)


def _row(label: str, told: Interval, show: Callable[[float], str]) -> tuple[str, str, str]:
    return label, show(told.value), f"[{show(told.low)}, {show(told.high)}]"


def _count(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "no bound"


def _money(value: float) -> str:
    return dollars(round(value))


def _about_price(rates: Rates | None, of: str = "", section: str = "teacher") -> str:
    if rates is None:
        return (
            f"Price{of}: none is known for this model; put {section}.price (input and output, in "
            "dollars per million tokens) into the recipe to see the cost."
        )
    if rates.free:
        return f"Price{of}: {rates.source}."
    given, output = (dollars(rate * MILLION) for rate in (rates.input, rates.output))
    return (
        f"Price{of}: {given} in, {output} out per million tokens, {rates.source}; prices change, "
        f"and {section}.price in the recipe overrides."
    )
