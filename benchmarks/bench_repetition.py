"""How many texts of one's own files the filter `repetition` refuses, under both sets of limits.

    python benchmarks/bench_repetition.py FILE ... [--keys response,output]

Reads JSON and JSONL files and takes every text under one of the keys, however deep. Prints for each
file the number of texts, how many are refused for which reason, and how many Gopher's own limits
would refuse.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from limbeck.filters.repetition import repetition_of

KEYS = "completion,response,output,outputs,solution,ground_truth,chain-of-thought,prediction"


def texts(value: Any, keys: set[str], under: bool = False) -> Iterator[str]:
    if isinstance(value, str) and under and value.strip():
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, keys, key in keys)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, keys, under)


def rows(path: Path) -> Iterator[Any]:
    if path.suffix == ".json":
        yield json.loads(path.read_text("utf-8"))
    else:
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--keys", default=KEYS)
    options = parser.parse_args()
    total: Counter[str] = Counter()
    for path in options.files:
        counts: Counter[str] = Counter()
        for row in rows(path):
            for text in texts(row, set(options.keys.split(","))):
                found = repetition_of(text)
                counts["texts"] += 1
                counts[found.reason or "kept"] += 1
                counts["gopher"] += found.strongest("gopher")[1] > 1
        total += counts
        print(path.name, dict(sorted(counts.items())))
    print("all", dict(sorted(total.items())))


if __name__ == "__main__":
    main()
