"""Finding `cost`: what the requests behind the rows used, to a row and to a row that is right."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from limbeck.audit.facts import Flag
from limbeck.audit.findings.finding import Finding, percent, several, unknown
from limbeck.audit.measured import Measured
from limbeck.ledger.schema import open_source
from limbeck.money import Rates, cost, dollars
from limbeck.protocols import Usage
from limbeck.store import read_jsonl

_TOGETHER = 500
_RECORDS = Path("generate") / "records.jsonl"


class Used(NamedTuple):
    """What some requests used: how many of them the ledger has, and their tokens, wasted ones
    included; pico-dollars, 0 without a price."""

    requests: int
    tokens: int
    money: int


def used(path: Path, keys: list[str], rates: Rates | None) -> Used:
    """What these requests, each once, used. Raises UserError for a file that is no ledger."""
    requests = tokens = money = 0
    with closing(open_source(path)) as link:
        for via, usage in _rows(link, keys):
            requests += 1
            tokens += usage.prompt_tokens + usage.completion_tokens
            if rates is not None:
                money += cost(usage, rates, "batch" if via == "batch" else "live")
    return Used(requests, tokens, money)


def _rows(link: sqlite3.Connection, keys: list[str]) -> Iterator[tuple[str, Usage]]:
    for begin in range(0, len(keys), _TOGETHER):
        some = keys[begin : begin + _TOGETHER]
        marks = ", ".join("?" * len(some))
        rows = link.execute(
            "SELECT via, prompt_tokens, completion_tokens, cached_tokens, wasted_prompt_tokens,"
            f" wasted_completion_tokens FROM source_replies WHERE key IN ({marks})",
            some,
        )
        for via, *counts in rows:
            yield via, Usage(*counts[:3]) + Usage(*counts[3:])


def expense(m: Measured) -> Finding:
    """Requests that the ledger has, of those that the rows name."""
    places = m.having(Flag.REQUEST)
    if not len(places):
        return unknown("cost", "no row names the request that made it")
    path = m.options.ledger
    if path is None or not path.is_file():
        return unknown("cost", "there is no ledger here", "Name it with --ledger FILE.")
    keys = dict.fromkeys(m.spill[place].request for place in places.tolist())
    asked = len(keys)
    kept = used(path, list(keys), m.options.rates)
    refused = 0
    paid = kept
    if m.options.run is not None and (m.options.run / _RECORDS).is_file():
        for _, row in read_jsonl(m.options.run / _RECORDS):
            keys.setdefault(str(row.get("provenance", {}).get("request", "")))
        keys.pop("", None)
        refused = len(keys) - asked
        paid = used(path, list(keys), m.options.rates) if refused else kept
    if not kept.requests:
        return unknown("cost", "the ledger has none of the rows' requests")
    rates = m.options.rates
    priced = rates is not None and not rates.free
    total = dollars(paid.money) if priced else f"{paid.tokens:,} tokens"
    each = _each(paid, m.rows, priced)
    details = [
        ("Requests of the rows, in the ledger", f"{kept.requests:,} of {asked:,}"),
        ("Requests of refused rows of the run", f"{refused:,}"),
        ("Tokens", f"{paid.tokens:,}"),
        ("Price", rates.source if rates is not None else "not known: tokens are counted"),
        ("To a row", each),
    ]
    says = f"{total} were spent on {several(m.rows, 'row')}, {each} a row"
    if m.correct is not None and m.correct[0]:
        right, of = m.correct
        correct = _each(paid, m.rows * right / of, priced)
        details.append(("To a correct row", correct))
        says += f" and {correct} a correct row ({percent(right, of)} of those checked are)"
    return Finding(
        "cost",
        asked - kept.requests,
        asked,
        unit="requests",
        level="note" if kept.requests < asked else "good",
        says=f"{says}.",
        advice="Compare the cost of a correct row with another teacher's, or with fewer paths."
        if kept.requests == asked
        else "Give the ledger that holds all requests: limbeck ledger merge makes one of several.",
        details=details,
    )


def _each(paid: Used, rows: float, priced: bool) -> str:
    if priced:
        return dollars(-int(-paid.money // rows))
    return f"{paid.tokens / rows:,.0f} tokens"
