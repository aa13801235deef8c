"""What an arm of the loop cost: every reply once, whoever paid for it first.

The numbers say what the arm takes from an empty ledger, so that arms can be compared; what a
session really paid is in the log and the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limbeck.money import PICO, Rates, cost
from limbeck.protocols import Usage
from limbeck.store import read_jsonl

Spent = dict[str, Any]


@dataclass
class Account:
    """One arm's replies. `rates` are by who is asked, None where no price is known."""

    rates: Mapping[str, Rates | None]
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def copy(self) -> Account:
        """An account that knows the same replies: of an arm that goes on from here."""
        return Account(self.rates, set(self._seen))

    def add(self, files: Iterable[Path]) -> Spent:
        """The replies in these files that the arm did not have yet: {"calls", "prompt_tokens",
        "completion_tokens", "usd"}; `usd` is None where a price is not known."""
        calls = prompt = completion = money = 0
        priced = True
        for path in files:
            if not path.is_file():
                continue
            for _, row in read_jsonl(path):
                key = (row["who"], row["key"])
                if key in self._seen:
                    continue
                self._seen.add(key)
                usage = Usage(row["prompt_tokens"], row["completion_tokens"])
                calls += 1
                prompt += usage.prompt_tokens
                completion += usage.completion_tokens
                rates = self.rates.get(row["who"])
                if rates is None:
                    priced = False
                else:
                    money += cost(usage, rates)
        return {
            "calls": calls,
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "usd": money / PICO if priced else None,
        }


def tokens(spent: Iterable[Mapping[str, Any]]) -> int:
    """All tokens of these phases."""
    return sum(one["prompt_tokens"] + one["completion_tokens"] for one in spent)
