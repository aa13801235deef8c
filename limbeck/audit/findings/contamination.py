"""Finding `contamination`: items of named benchmarks that the rows hold.

The comparison is the transfer report's (`limbeck.contamination.Comparison`), over parts of the
rows so that memory does not grow with them; what the parts find is put together here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from limbeck.audit.findings.finding import (
    SHOWN,
    Finding,
    asked,
    example,
    percent,
    several,
    unknown,
    verb,
)
from limbeck.audit.measured import Measured
from limbeck.audit.spill import Spill
from limbeck.contamination import RULES, Comparison, Item
from limbeck.contamination import Row as Compared
from limbeck.filters.contamination import read_asked
from limbeck.reading.forms import Row

PART = 20_000
_TOLD = {
    "same": "word for word",
    "exact": "word for word in an output",
    "template": "the same but for numbers, dates and names",
    "coverage": "more than half of the item's 8 words in a row",
    "cosine": "reworded, with the same numbers",
}
_NO_LEAK = "context"


def items_of(against: Sequence[Path]) -> dict[str, list[Item]]:
    """The items of every file by its name without ending; with its folder where two are called
    the same. Raises DataError for a file that cannot be read."""
    stems = Counter(path.stem for path in against)
    names = [
        path.stem if stems[path.stem] == 1 else f"{path.parent.name}/{path.stem}"
        for path in against
    ]
    return {
        name: [
            Item(str(n), text.question, text.options)
            for n, (_, text) in enumerate(read_asked(path))
        ]
        for name, path in zip(names, against, strict=True)
    }


def found_in(spill: Spill, begin: int, tasks: Mapping[str, Sequence[Item]]) -> list[dict[str, Any]]:
    """The entries of a part of the rows, whose first one has the number `begin`."""
    comparison = Comparison(tasks)
    comparison.add(_compared(row, n) for n, row in enumerate(spill, begin))
    spill.close()
    return comparison.entries()


def _compared(row: Row, number: int) -> Compared:
    prompts = [row.instruction]
    if row.input.strip():
        prompts += [row.input, f"{row.instruction}\n{row.input}"]
    return Compared(str(number), tuple(prompts), row.output)


def contamination(m: Measured) -> Finding:
    """Items that a row holds by any rule but `context`, of all items of the files."""
    if not m.against:
        return unknown(
            "contamination",
            "no evaluation was named",
            "Name the items of the benchmarks that count with --against FILES.",
        )
    tasks = items_of(m.against)
    hits: dict[tuple[str, int], dict[str, Any]] = {}
    rules: dict[tuple[str, int], set[str]] = {}
    for entries in m.workers.map(found_in, _parts(m, tasks)):
        for entry in entries:
            for one in entry["found"]:
                if one["rule"] == _NO_LEAK:
                    continue
                key = entry["task"], one["place"]
                rules.setdefault(key, set()).update(one["rules"])
                if key not in hits or _rank(one) < _rank(hits[key]):
                    hits[key] = one
    of = sum(map(len, tasks.values()))
    by_file = Counter(name for name, _ in hits)
    by_rule = Counter(rule for found in rules.values() for rule in found)
    details = [
        (name, f"{by_file[name]:,} of {len(items):,} ({percent(by_file[name], len(items))})")
        for name, items in tasks.items()
    ]
    details += [
        (told, several(by_rule[rule], "item")) for rule, told in _TOLD.items() if by_rule[rule]
    ]
    order = sorted(hits, key=lambda key: (RULES.index(hits[key]["rule"]), key))
    return Finding(
        "contamination",
        len(hits),
        of,
        unit="items",
        says=f"{several(len(hits), 'item')} of {of:,} in {several(len(tasks), 'file')} "
        f"({percent(len(hits), of)}) {verb(len(hits), 'is', 'are')} in the rows.",
        advice="Drop these rows before training: the filter contamination does; or report scores "
        "on the other items alone.",
        details=details,
        examples=[_example(m, key, hits[key]) for key in order[:SHOWN]],
    )


def _rank(one: Mapping[str, Any]) -> tuple[int, float, int]:
    """The strictest rule first, then the best score, then the first row."""
    return RULES.index(one["rule"]), -one["score"], int(one["row"])


def _parts(m: Measured, tasks: Mapping[str, Sequence[Item]]) -> Iterator[tuple[Any, ...]]:
    for begin in range(0, m.rows, PART):
        yield m.spill.part(begin, min(begin + PART, m.rows)), begin, tasks


def _example(m: Measured, key: tuple[str, int], one: Mapping[str, Any]) -> dict[str, Any]:
    row = m.spill[int(one["row"])]
    texts = [("Item", one["question"]), (f"In the {one['side']}", one["text"])]
    note = f"{key[0]}, item {key[1] + 1}: {_TOLD[one['rule']]}"
    if one["rule"] in ("coverage", "cosine"):
        note += f" ({one['score']:.2f})"
    return example([row], [*texts, *asked(row)], note)
