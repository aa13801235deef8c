"""What the contamination rules find of reworded leaks, and what they flag falsely; seconds, memory.

Reads the folder of evaluation data given by --evals: maths/gsm8k_test.jsonl, the same questions as
an LLM reworded them (contamination/gsm8k_rephrased.jsonl), and maths/gsm8k_train.jsonl.gz, which
holds no leak but by accident. Without the folder it only times.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from limbeck.contamination import Comparison, Item, Row
from limbeck.contamination.coding import words_of
from limbeck.contamination.texts import Text, texts_of

SEED = 0


class Flag(NamedTuple):
    """A training text that a rule flags, and the item that it is nearest to."""

    score: float
    text: Text
    item: Item


def read(path: Path) -> list[dict[str, Any]]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in data.split(b"\n") if line.strip()]


def reworded(path: Path) -> list[Row]:
    """The rewordings as training rows, in the order of the items."""
    rows = []
    for place, row in enumerate(read(path)):
        question, _, answer = row["text"].partition("\nAnswer:")
        rows.append(Row(f"r{place}", (question.removeprefix("Question: "),), answer.strip()))
    return rows


def compare(items: Sequence[Item], rows: Sequence[Row]) -> tuple[dict[str, Any], float]:
    """The entry, and the CPU seconds that it took."""
    started = time.process_time()
    comparison = Comparison({"t": items})
    comparison.add(rows)
    [entry] = comparison.entries()
    return entry, time.process_time() - started


def runs(text: str, size: int) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)}


def any_run(items: Sequence[Item], rows: Sequence[Row], size: int) -> tuple[float, float]:
    """The field's rule: per cent of the items, and rows, with any `size` words in a row in common.

    Of the rows only the prompts are looked at.
    """
    asked = [runs(item.question, size) for item in items]
    given = [set().union(*(runs(prompt, size) for prompt in row.prompts)) for row in rows]
    test = set().union(*asked)
    train = set().union(*given)
    flagged = sum(not own.isdisjoint(train) for own in asked)
    rows_with = sum(not own.isdisjoint(test) for own in given)
    return 100 * flagged / len(asked), 100 * rows_with / len(given)


def rows_flagged(items: Sequence[Item], rows: Sequence[Row], rule: str) -> list[Flag]:
    """Every text of a row that a rule flags, with the item that it is nearest to."""
    found = []
    comparison = Comparison({"t": items})
    for begin in range(0, len(rows), 512):
        texts = [text for row in rows[begin : begin + 512] for text in texts_of(row)]
        coded = comparison.vocabulary.code([text.text for text in texts])
        look = comparison.tasks["t"].index.look(coded, texts)
        matrix = look.cosine if rule == "cosine" else look.coverage
        if matrix is not None:
            best = matrix.argmax(axis=1)
            for place in np.flatnonzero(matrix.any(axis=1)).tolist():
                item = int(best[place])
                found.append(Flag(float(matrix[place, item]), texts[place], items[item]))
    return found


def measured(folder: Path, show: int) -> None:
    items = [
        Item(row["id"], row["question"], (), row["solution"])
        for row in read(folder / "maths/gsm8k_test.jsonl")
    ]
    train = [
        Row(row["id"], (row["question"],), row["solution"])
        for row in read(folder / "maths/gsm8k_train.jsonl.gz")
    ]
    leaked = reworded(folder / "contamination/gsm8k_rephrased.jsonl")
    whole, _ = compare(items, leaked)
    entry, spent = compare(items, train)
    print(
        f"contamination | {len(items):,} items, {len(leaked):,} rewordings, {len(train):,} training"
        f" rows of two texts | all rules on the training rows {spent:.1f} s of CPU"
    )
    for rule in ("exact", "template", "coverage", "cosine"):
        found, wrong = (100 * one[rule] / len(items) for one in (whole, entry))
        told = ""
        if rule in ("coverage", "cosine"):
            flags = rows_flagged(items, train, rule)
            told = f", {share(flags, train):.2f}% of the rows"
            for flag in flags[:show]:
                text = " ".join(flag.text.text.split())
                print(f"    {rule} {flag.score:.2f} {flag.text.side}: {text} || {flag.item[1]}")
        print(
            f"contamination | {rule} | finds {found:.1f}% | flags {wrong:.2f}% of the items{told}"
        )
    for size in (8, 13):
        found, _ = any_run(items, leaked, size)
        wrong, rows = any_run(items, train, size)
        print(
            f"contamination | any {size} words in a row | finds {found:.1f}%"
            f" | flags {wrong:.2f}% of the items, {rows:.2f}% of the rows"
        )
    for name, start in (("even", 0), ("odd", 1)):
        part = items[start::2]
        entry, _ = compare(part, leaked[start::2])
        flags = rows_flagged(part, train, "cosine")
        print(
            f"contamination | cosine, {name} items | finds {100 * entry['cosine'] / len(part):.1f}%"
            f" | flags {share(flags, train):.2f}% of the rows"
        )


def share(flags: Sequence[Flag], rows: Sequence[Row]) -> float:
    """In per cent, how many of the rows are flagged."""
    return 100 * len({flag.text.row for flag in flags}) / len(rows)


def made(count: int, generator: np.random.Generator) -> Iterator[str]:
    """Texts with a natural distribution of words: Zipf's, of 40,000; a few numbers each."""
    for _ in range(count):
        words = np.minimum(generator.zipf(1.2, size=int(generator.integers(20, 70))), 40_000)
        figures = generator.integers(2, 500, size=4)
        yield " ".join([*(f"w{word:x}" for word in words), *map(str, figures)])


def timed(rows: int, items: int) -> None:
    generator = np.random.default_rng(SEED)
    asked = [Item(str(n), text) for n, text in enumerate(made(items, generator))]
    prompts, completions = made(rows, generator), made(rows, generator)
    given = [
        Row(f"r{n}", (a,), b) for n, (a, b) in enumerate(zip(prompts, completions, strict=True))
    ]
    before = peak()
    _, spent = compare(asked, given)
    print(
        f"contamination | made: {items:,} items, {rows:,} rows of two texts | {spent:.1f} s of CPU"
        f" | {peak():.2f} GB at the peak, {before:.2f} before"
    )


def peak() -> float:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(size) / (1e9 if sys.platform == "darwin" else 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--evals", type=Path, help="a folder of evaluation data")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--show", type=int, default=0, help="print so many of the false alarms")
    options = parser.parse_args()
    if options.evals is not None and options.evals.is_dir():
        measured(options.evals, options.show)
    if options.rows:
        timed(options.rows, options.items)


if __name__ == "__main__":
    main()
