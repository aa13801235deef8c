"""`limbeck audit` of a million rows: seconds, rows a second, peak memory.

    python benchmarks/bench_audit.py                  # 1,000,000 rows of 1.2 KB; minutes
    python benchmarks/bench_audit.py --rows 50000 --items 1000

The rows are made here, from a seed: JSON lines with instruction, output, target and model. Words
are Zipfian (exponent 1.05, 30,000 of them); an instruction is one of 400 English requests and 12 to
60 words, an output 100 to 220 words and an answer. 2% of the rows are there twice, 5% are an
earlier row with a few words replaced, 1% refuse, 1% are cut off, 0.5% say that they are an AI, 0.5%
hold an address, and 10% are another answer to an earlier instruction. `--items` compares with that
many made questions, of which every hundredth is in the rows.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from limbeck import __version__
from limbeck.audit.measure import Options, measure
from limbeck.reading.source import open_source

WORDS = 30_000
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ro", "su")
VERBS = ("Write", "Find", "List", "Explain", "Compare", "Count", "Describe", "Name", "Sort", "Draw")
NOUNS = ("poem", "letter", "list", "answer", "number", "story", "table", "word", "reason", "plan")
ABOUT = ("for", "with", "about", "from")


def word(number: int) -> str:
    """A word of two to four syllables."""
    parts: list[str] = []
    while number or len(parts) < 2:
        number, part = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[part])
    return "".join(parts)


def made(count: int, seed: int = 0) -> Iterator[dict[str, str]]:
    """Rows as the module's docstring says."""
    random = np.random.default_rng(seed)
    weights = 1 / np.arange(1, WORDS + 1) ** 1.05
    steps = np.cumsum(weights / weights.sum())
    known = [word(number) for number in range(WORDS)]

    def text(size: int) -> list[str]:
        places = np.searchsorted(steps, random.random(size)).clip(max=WORDS - 1)
        return [known[place] for place in places.tolist()]

    openings = [f"{v} the {n} {a} this text." for v in VERBS for n in NOUNS for a in ABOUT]
    before: list[dict[str, str]] = []
    for number in range(count):
        what = random.random()
        if before and what < 0.17:
            row = dict(before[int(random.integers(len(before)))])
            if what >= 0.12:
                words = row["output"].split(" ")
                for place in random.integers(len(words), size=3).tolist():
                    words[place] = known[int(random.integers(WORDS))]
                row["output"] = " ".join(words)
            elif what >= 0.02:
                row["output"] = sentence(text(int(random.integers(100, 220))), number % 97)
        else:
            start = openings[int(400 * random.random() ** 2)]
            asked = f"{start} {' '.join(text(int(random.integers(12, 60))))}"
            answer = sentence(text(int(random.integers(100, 220))), number % 97)
            row = {"instruction": asked, "output": answer, "target": str(number % 97)}
            row["model"] = "made"
            if len(before) < 10_000:
                before.append(row)
        kind = random.random()
        if kind < 0.01:
            row = row | {"output": "I'm sorry, but I can't help with that."}
        elif kind < 0.02:
            row = row | {"output": row["output"][:300], "finish_reason": "length"}
        elif kind < 0.025:
            row = row | {"output": "As an AI language model, I say: " + row["output"]}
        elif kind < 0.03:
            row = row | {"output": row["output"] + f" Write to {word(number)}@mail-house.org."}
        yield row


def sentence(words: list[str], answer: int) -> str:
    """Sentences of twelve words, and an answer."""
    parts = [" ".join(words[begin : begin + 12]).capitalize() for begin in range(0, len(words), 12)]
    return ". ".join(parts) + f". The answer is {answer}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=0)
    parser.add_argument("--workers", type=int, default=0)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        data, items = Path(folder) / "rows.jsonl", Path(folder) / "items.jsonl"
        leaked = []
        with data.open("w", encoding="utf-8") as file:
            for number, row in enumerate(made(given.rows)):
                file.write(json.dumps(row) + "\n")
                if number < given.items and number % 100 == 0:
                    leaked.append(row["instruction"])
        if given.items:
            questions = [row["instruction"] for row in made(given.items, seed=1)]
            questions[: len(leaked)] = leaked
            lines = (json.dumps({"question": question}) for question in questions)
            items.write_text("\n".join(lines) + "\n", encoding="utf-8")
        size = data.stat().st_size
        before, started = time.process_time(), time.perf_counter()
        report = measure(
            open_source(data),
            version=__version__,
            options=Options(workers=given.workers),
            against=[items] if given.items else [],
        )
        seconds = time.perf_counter() - started
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    here, worker = (one.ru_maxrss / 2**20 for one in used)
    cpu = sum(one.ru_utime + one.ru_stime for one in used) - before
    print(
        f"audit | {given.rows:,} rows, {size / given.rows:,.0f} bytes each, {given.items:,} items"
        f" | {seconds:.0f} s, {given.rows / seconds:,.0f} rows a second, {cpu:.0f} s of CPU | "
        f"{here:.2f} GB in this process, {worker:.2f} GB in the largest worker"
    )
    for one in report["findings"]:
        print(f"  {one['key']:17} {one['level']:8} {one['says']}")


if __name__ == "__main__":
    main()
