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
from typing import Any

import numpy as np

from limbeck.contamination import Comparison, Item, Row
from limbeck.contamination.coding import words_of

SEED = 0


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
    started = time.perf_counter()
    comparison = Comparison({"t": items})
    comparison.add(rows)
    [entry] = comparison.entries()
    return entry, time.perf_counter() - started


def runs(text: str, size: int) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)}


def any_run(items: Sequence[Item], rows: Sequence[Row], size: int) -> tuple[set[int], set[int]]:
    """The field's rule: items, and rows, with any run of `size` words in common."""
    asked = [runs(item.question, size) for item in items]
    given = [set().union(*(runs(prompt, size) for prompt in row.prompts)) for row in rows]
    test = set().union(*asked)
    train = set().union(*given)
    flagged = {place for place, own in enumerate(asked) if own & train}
    return flagged, {place for place, own in enumerate(given) if own & test}


def rows_flagged(items: Sequence[Item], rows: Sequence[Row], rule: str) -> list[dict[str, Any]]:
    """Each row that a rule flags, by asking what each row alone is to the items.

    An entry names one row an item: rows are items here, and items rows, for every other row.
    """
    found = []
    comparison = Comparison({"t": items})
    index = comparison.tasks["t"].index
    from limbeck.contamination.texts import texts_of

    for begin in range(0, len(rows), 512):
        texts = [text for row in rows[begin : begin + 512] for text in texts_of(row)]
        look = index.look(comparison.vocabulary.code([text.text for text in texts]), texts)
        matrix = look.cosine if rule == "cosine" else look.coverage
        if matrix is None:
            continue
        best = matrix.argmax(axis=1)
        for place in np.flatnonzero(matrix.any(axis=1)).tolist():
            item = int(best[place])
            score = float(matrix[place, item])
            found.append({"text": texts[place], "item": items[item], "score": score, "place": item})
    return found


def measured(folder: Path, show: int) -> None:
    items = [Item(r["id"], r["question"], (), r["solution"]) for r in read(folder / "maths/gsm8k_test.jsonl")]
    leaked = reworded(folder / "contamination/gsm8k_rephrased.jsonl")
    train = [Row(r["id"], (r["question"],), r["solution"]) for r in read(folder / "maths/gsm8k_train.jsonl.gz")]
    print(f"contamination | {len(items):,} items, {len(leaked):,} rewordings, {len(train):,} training rows")
    whole, _ = compare(items, leaked)
    entry, spent = compare(items, train)
    for rule in ("exact", "template", "coverage", "cosine"):
        told = ""
        if rule in ("coverage", "cosine"):
            hits = rows_flagged(items, train, rule)
            ids = {hit["text"].row for hit in hits}
            told = f" and {len(ids)} training rows ({100 * len(ids) / len(train):.2f}%)"
            for side in ("prompt", "completion"):
                told += f", {len({h['text'].row for h in hits if h['text'].side == side})} by {side}"
            for hit in hits[:show]:
                print("   ", rule, round(hit["score"], 2), hit["text"].side, hit["text"].text[:300].replace("\n", " "), "||", hit["item"].question[:300])
        print(
            f"contamination | {rule} | finds {whole[rule]} of {len(items)} reworded items"
            f" ({100 * whole[rule] / len(items):.1f}%) | flags {entry[rule]} items falsely"
            f" ({100 * entry[rule] / len(items):.2f}%){told}"
        )
    for size in (8, 13):
        recall, _ = any_run(items, leaked, size)
        false, rows = any_run(items, train, size)
        print(
            f"contamination | any {size} words in a row | finds {100 * len(recall) / len(items):.1f}%"
            f" | flags {100 * len(false) / len(items):.2f}% of the items, {100 * len(rows) / len(train):.2f}% of the rows"
        )
    halves(items, leaked, train)
    print(f"contamination | {len(train):,} rows, both sides, all rules | {spent:.1f} s | {peak():.2f} GB")


def halves(items: Sequence[Item], leaked: Sequence[Row], train: Sequence[Row]) -> None:
    for name, start in (("even", 0), ("odd", 1)):
        part, own = items[start::2], leaked[start::2]
        entry, _ = compare(part, own)
        hits = rows_flagged(part, train, "cosine")
        print(
            f"contamination | cosine, {name} items | finds {100 * entry['cosine'] / len(part):.1f}%"
            f" | flags {100 * len({h['text'].row for h in hits}) / len(train):.2f}% of the rows"
        )


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
    given = [Row(f"r{n}", (a,), b) for n, (a, b) in enumerate(zip(prompts, completions, strict=True))]
    before = peak()
    _, spent = compare(asked, given)
    print(
        f"contamination | made: {items:,} items, {rows:,} rows of two texts | {spent:.1f} s"
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
