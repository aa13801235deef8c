"""Near-duplicate removal beside datasketch and rensa, in one run on one core.

    python benchmarks/bench_filters.py                     # about a minute
    python benchmarks/bench_filters.py --texts FILE.jsonl  # somebody's texts (--field NAME)

All remove or index near duplicates of the same texts: words into 5-shingles, Jaccard 0.8, 128
permutations. Times are CPU seconds of one process, medians of interleaved rounds; ours start from
texts in memory like theirs, and verify every candidate exactly, which theirs do not. The floor is
what nobody can leave out: reading the JSON lines, lower-casing and encoding the texts.

The corpus is made here, from a seed: Markov text of order 1 and 2 over a vocabulary made here
with Zipf frequencies, a tenth of it sentences that many documents share, and 20% edited copies
whose target Jaccard index is uniform in 0.35 to 1.0. The truth for recall and precision is plain
Python: sets of tuples of words, without any hash of ours.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import orjson
from datasketch import MinHash, MinHashLSH
from rensa import RMinHash, RMinHashLSH

from limbeck.filters.minhash import Near, NearIndex, engine

Which = Literal["numba", "numpy"]
ROUNDS = 3
DOCUMENTS, JUDGED = 10_000, 10_000
THRESHOLD, PERMUTATIONS, SHINGLE = 0.8, 128, 5
WORDS = 20_000
CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aeiou"


def corpus(size: int, seed: int = 0) -> list[str]:
    """Documents, as the module's docstring says; 86, 190, 319 words at the 10th, 50th and 90th
    percentile."""
    random = np.random.default_rng(seed)
    vocabulary = made_words(random)
    markov = Markov(random)
    shared = [markov.text(int(random.integers(6, 25))) for _ in range(300)]
    made: list[list[int]] = []
    for _ in range(size):
        if made and random.random() < 0.2:
            made.append(edited(made[int(random.integers(len(made)))], random))
            continue
        length = int(np.clip(random.lognormal(np.log(190), 0.51), 20, 2000))
        text: list[int] = []
        while len(text) < length:
            if random.random() < 0.05:
                text += shared[int(300 * random.random() ** 2)]
            else:
                text += markov.text(min(int(random.integers(8, 30)), length - len(text)))
        made.append(text)
    return [written(text, vocabulary) for text in made]


def made_words(random: np.random.Generator) -> list[str]:
    words: dict[str, None] = {}
    while len(words) < WORDS:
        syllables = 1 + int(np.searchsorted([0.1, 0.45, 0.8], random.random()))
        words[
            "".join(
                CONSONANTS[int(random.integers(len(CONSONANTS)))]
                + VOWELS[int(random.integers(len(VOWELS)))]
                + (
                    CONSONANTS[int(random.integers(len(CONSONANTS)))]
                    if random.random() < 0.4
                    else ""
                )
                for _ in range(syllables)
            )
        ] = None
    return sorted(words, key=lambda word: len(word) + 9 * random.random())


class Markov:
    """A word's successors are drawn by Zipf's law from a list of its own: 40 for one word before,
    and half of the time one of 3 for two words before."""

    def __init__(self, random: np.random.Generator) -> None:
        weights = 1 / np.arange(1, WORDS + 1) ** 1.05
        self._steps = np.cumsum(weights / weights.sum())
        self._random = random
        self._next = self._words(40 * WORDS).reshape(WORDS, 40).tolist()

    def _words(self, count: int) -> np.ndarray:
        return np.minimum(np.searchsorted(self._steps, self._random.random(count)), WORDS - 1)

    def text(self, length: int) -> list[int]:
        draws = self._random.random((length, 2)).tolist()
        one, two = (int(word) for word in self._words(2))
        out = []
        for which, draw in draws:
            many = 3 if which < 0.5 else 40
            offset = (one * 7919 + two * 104729) % 37 if which < 0.5 else 0
            one, two = two, self._next[two][(offset + int(many * draw * draw)) % 40]
            out.append(two)
        return out


def edited(text: list[int], random: np.random.Generator) -> list[int]:
    """A copy: blocks of words replaced until about the wanted share of 5-shingles is left."""
    target = random.uniform(0.35, 1.0)
    lost = 0.85 * len(text) * (1 - target) / (1 + target)  # J = left / (2 n - left)
    text = list(text)
    while lost > 0:
        size = min(int(random.integers(1, 12)), max(int(lost) - SHINGLE + 2, 1))
        place = int(random.integers(0, max(len(text) - size, 1)))
        text[place : place + size] = [int(word) for word in random.integers(0, WORDS, size)]
        lost -= size + SHINGLE - 1
    return text


def written(text: list[int], vocabulary: list[str]) -> str:
    words = [vocabulary[word] for word in text]
    for place in range(0, len(words), 13):
        words[place] = words[place].capitalize()
        words[place - 1] += "."
    return " ".join(words)


def floor(path: Path) -> int:
    with path.open("rb") as file:
        return sum(len(orjson.loads(line)["text"].lower().encode()) for line in file)


def python_shingles(text: str) -> list[str]:
    words = text.lower().split()
    return [" ".join(words[n : n + SHINGLE]) for n in range(max(len(words) - SHINGLE + 1, 1))]


def with_datasketch(texts: list[str]) -> object:
    """datasketch's default: sha1, `bulk`, an LSH index queried and filled text by text."""
    sets = ([item.encode() for item in python_shingles(text)] for text in texts)
    lsh = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    found = []
    for number, sketch in enumerate(MinHash.bulk(sets, num_perm=PERMUTATIONS)):
        found.append(lsh.query(sketch))
        lsh.insert(number, sketch)
    return found


def with_rensa(texts: list[str]) -> object:
    """rensa's normal use: `from_token_sets`, an LSH index of 16 bands filled and asked in bulk."""
    sketches = RMinHash.from_token_sets(
        [python_shingles(text) for text in texts], num_perm=PERMUTATIONS, seed=1
    )
    lsh = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=16)
    lsh.insert_many(sketches)
    return lsh.query_all(sketches)


def ours(which: Which, texts: list[str]) -> list[Near | None]:
    return NearIndex(THRESHOLD, PERMUTATIONS, SHINGLE, engine=which).add(texts)


def engines() -> list[Which]:
    return ["numpy"] if engine.compiled() is None else ["numba", "numpy"]


def speed(texts: list[str], path: Path) -> None:
    sides: dict[str, Callable[[], object]] = {"floor: read, lower, encode": lambda: floor(path)}
    for which in engines():
        sides[f"limbeck {which}, verified"] = partial(ours, which, texts)
    sides["rensa 0.5 from_token_sets + LSH"] = lambda: with_rensa(texts)
    sides["datasketch 2.0 bulk sha1 + LSH"] = lambda: with_datasketch(texts)
    spent: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for name, run in sides.items():
            gc.collect()
            started = time.process_time()
            made = run()
            spent[name].append(time.process_time() - started)
            del made
    each = {name: statistics.median(times) / len(texts) for name, times in spent.items()}
    low, rensa, datasketch = (each[name] for name in sides if "limbeck" not in name)
    for name, seconds in each.items():
        print(
            f"minhash | {name} | {1 / seconds:,.0f} docs/s | {1e6 * seconds:.2f} us/doc"
            f" | {datasketch / seconds:.1f}x datasketch | {rensa / seconds:.1f}x rensa"
            f" | {seconds / low:.1f}x the floor"
        )


def truth(texts: list[str]) -> dict[tuple[int, int], float]:
    """All pairs at or above the threshold, by Python sets of strings: texts whose rarest shingles
    have none in common are below it (prefix filter), the others are compared."""
    sets = [set(python_shingles(text)) if text.split() else set() for text in texts]
    counts = Counter(item for items in sets for item in items)
    found: dict[tuple[int, int], float] = {}
    postings: dict[str, list[int]] = defaultdict(list)
    for number, items in enumerate(sets):
        rarest = sorted(items, key=lambda item: (counts[item], item))
        rarest = rarest[: len(items) - int(np.ceil(THRESHOLD * len(items) - 1e-9)) + 1]
        for other in sorted({other for item in rarest for other in postings[item]}):
            index = len(items & sets[other]) / len(items | sets[other])
            if index >= THRESHOLD:
                found[other, number] = index
        for item in rarest:
            if counts[item] > 1:
                postings[item].append(number)
    return found


def quality(texts: list[str]) -> None:
    pairs = truth(texts[:JUDGED])
    partners: dict[int, list[int]] = defaultdict(list)
    for one, other in pairs:
        partners[other].append(one)
    for which in engines():
        found = ours(which, texts[:JUDGED])
        kept = [near is None for near in found]
        due = [n for n in range(len(found)) if any(kept[other] for other in partners[n])]
        named = {n: near for n, near in enumerate(found) if near is not None}
        removed = list(named)
        right = [n for n, near in named.items() if pairs.get((near.nearest, n)) == near.jaccard]
        orphans = [n for n in removed if not any(kept[other] for other in partners[n])]
        print(
            f"minhash | quality of limbeck {which} on {len(found):,} texts, {len(pairs):,} pairs"
            f" | removed {len(removed):,} | recall {len(set(due) & set(removed)) / len(due):.4f}"
            f" | precision {len(right) / len(removed):.4f} | orphaned removals {len(orphans)}"
            f" | pairs left {sum(kept[a] and kept[b] for a, b in pairs)}"
        )


def memory(texts: list[str]) -> None:
    for which in engines():
        for megabytes in (1024, 0):
            index = NearIndex(memory_mb=megabytes, engine=which)
            kept = sum(near is None for near in index.add(texts))
            print(
                f"minhash | memory, {which}, hashes {'on disk' if index.on_disk else 'in memory'}"
                f" | {index.nbytes / kept:,.0f} bytes for each of {kept:,} kept texts"
            )


def read(path: Path, field: str) -> list[str]:
    with path.open(encoding="utf-8", errors="surrogatepass") as file:
        rows = [json.loads(line) for line in file]
    return [str(row[field]) for row in rows if str(row.get(field, "")).strip()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--texts", type=Path, help="JSON lines to take in place of the corpus")
    parser.add_argument("--field", default="text", help="the field of --texts")
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    options = parser.parse_args()
    texts = (
        corpus(options.documents) if options.texts is None else read(options.texts, options.field)
    )
    lengths = np.percentile([len(text.split()) for text in texts], (10, 50, 90)).astype(int)
    size = sum(map(len, texts)) // len(texts)
    print(f"minhash | {len(texts):,} texts, {'/'.join(map(str, lengths))} words, {size} characters")
    started = time.perf_counter()
    if engine.compiled() is not None:
        print(f"minhash | the compiled engine took {time.perf_counter() - started:.2f} s to load")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts.jsonl"
        path.write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
        speed(texts, path)
    quality(texts)
    memory(texts)


if __name__ == "__main__":
    main()
