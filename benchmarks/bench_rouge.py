"""The ROUGE-L novelty filter beside `rouge_score`: 1,000 candidates, 84,000, and all statistics.

    python benchmarks/bench_rouge.py             # 40 seconds; --full: a million too, minutes

Each row of the greedy filter comes twice: by numpy and rapidfuzz alone, and, where numba is
installed (extra `fast`), by the compiled search, whose loading is told apart.

The corpus is made here, from a seed. Words are Zipfian (exponent 1.05, 30,000 of them); a new
instruction has log-normal length (median 14 tokens, sigma 0.5, 3 to 90) and opens with one of 400
frames of 2 to 5 words; 40% of the candidates are edits of an earlier one, with up to a third of
their words replaced, dropped or doubled. The greedy filter keeps about 52,000 of 84,000.
Tokenising is in every time. Every decision for the 1,000 is compared with rouge_score's loop.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
from rouge_score.rouge_scorer import RougeScorer

from limbeck.filters import rouge_engine, rouge_search
from limbeck.filters.rouge import RougePool
from limbeck.filters.rouge_tokens import Vocabulary, rouge_tokens

ROUNDS = 3
FEW, MANY, HUGE = 1_000, 84_000, 1_000_000
WORDS = 30_000


def corpus(size: int, seed: int = 0) -> list[str]:
    """Instructions, as the module's docstring says."""
    random = np.random.default_rng(seed)
    weights = 1 / np.arange(1, WORDS + 1) ** 1.05
    steps = np.cumsum(weights / weights.sum())

    def words(count: int) -> list[int]:
        drawn = np.searchsorted(steps, random.random(count))
        return [min(int(word), WORDS - 1) for word in drawn]

    frames = [words(int(random.integers(2, 6))) for _ in range(400)]
    made: list[list[int]] = []
    for _ in range(size):
        if made and random.random() < 0.40:
            text = edited(made[int(random.integers(len(made)))], random, words)
        else:
            length = int(np.clip(random.lognormal(np.log(14), 0.5), 3, 90))
            frame = frames[int(400 * random.random() ** 2)]
            text = (frame + words(max(length - len(frame), 1)))[:length]
        made.append(text)
    return [" ".join(f"w{word}" for word in text).capitalize() + "." for text in made]


def edited(
    text: list[int], random: np.random.Generator, words: Callable[[int], list[int]]
) -> list[int]:
    edits = int(random.random() * (1 + len(text) / 3))
    text = list(text)
    for place, what in zip(random.integers(0, 1 << 30, edits), random.random(edits), strict=True):
        at = int(place) % len(text)
        if what < 0.6:
            text[at] = words(1)[0]
        elif what < 0.8 and len(text) > 3:
            del text[at]
        else:
            text.insert(at, text[at])
    return text


def reference(texts: list[str]) -> list[float | None]:
    """The greedy loop on `score()`: the greatest score of a refused text, None for a kept one."""
    scorer = RougeScorer(["rougeL"])
    pool: list[str] = []
    refused: list[float | None] = []
    for text in texts:
        best = max((scorer.score(text, other)["rougeL"].fmeasure for other in pool), default=0.0)
        if best > 0.7:
            refused.append(best)
        else:
            refused.append(None)
            pool.append(text)
    return refused


def engines() -> dict[str, rouge_engine.Search]:
    """The searches that there are, by name; says how long the compiled one took to load."""
    found: dict[str, rouge_engine.Search] = {"numpy": rouge_search}
    started = time.perf_counter()
    compiled = rouge_engine.compiled()
    if compiled is None:
        print("rouge | no compiled search: pip install 'limbeck[fast]' for its rows")
    else:
        spent = time.perf_counter() - started
        print(f"rouge | the compiled search took {spent:.2f} s to load")
        found["compiled"] = compiled
    return found


def greedy(texts: list[str]) -> tuple[float, RougePool, list[float | None]]:
    started = time.perf_counter()
    pool = RougePool()
    hits = pool.add_novel(texts)
    spent = time.perf_counter() - started
    return spent, pool, [None if hit is None else hit[1] for hit in hits]


def one_by_one(texts: list[str]) -> float:
    started = time.perf_counter()
    pool = RougePool()
    for text in texts:
        if pool.novel(text) is None:
            pool.add(text)
    return time.perf_counter() - started


def few(texts: list[str], searches: dict[str, rouge_engine.Search]) -> float:
    """Prints the rows for 1,000 candidates; returns the reference's seconds for one pair."""
    started = time.perf_counter()
    expected = reference(texts)
    slow = time.perf_counter() - started
    for name, search in searches.items():
        with patch.object(rouge_engine, "search", lambda texts, search=search: search):
            runs = [greedy(texts) for _ in range(2 * ROUNDS + 1)]
            single = one_by_one(texts)
        fast = statistics.median(spent for spent, _, _ in runs)
        same = all(decisions == expected for _, _, decisions in runs)
        print(
            f"rouge | {len(texts):,} candidates, {len(runs[0][1]):,} kept, {name}"
            f" | rouge_score {slow:.1f} s | add_novel {1e3 * fast:.1f} ms, {slow / fast:,.0f}x"
            f" | novel, add {1e3 * single:.0f} ms"
            f" | decisions and scores {'equal' if same else 'DIFFER'}"
        )
    before = [expected[:place].count(None) for place in range(len(texts))]
    return slow / sum(before)


def many(
    texts: list[str], pair: float, rounds: int, searches: dict[str, rouge_engine.Search]
) -> RougePool:
    """Prints the rows for many candidates; returns the pool that they made."""
    answers = []
    for name, search in searches.items():
        with patch.object(rouge_engine, "search", lambda texts, search=search: search):
            runs = [greedy(texts) for _ in range(rounds)]
        fast = statistics.median(spent for spent, _, _ in runs)
        _, pool, decisions = runs[0]
        answers.append(decisions)
        kept = np.array([decision is None for decision in decisions])
        pairs = int((np.cumsum(kept) - kept).sum())
        print(
            f"rouge | {len(texts):,} candidates, {len(pool):,} kept, {name} | {fast:.2f} s,"
            f" {1e6 * fast / len(texts):.0f} us each | rouge_score {pair * pairs / 3600:,.1f} h"
            f" for {pairs:.3g} pairs (extrapolated), {pair * pairs / fast:,.0f}x"
            f" | {'equal' if answers[0] == decisions else 'DIFFERS'}"
        )
    return pool


def statistics_mode(pool: RougePool, texts: list[str], pair: float) -> None:
    pool.neighbours(texts[:1])  # the pool's strings are made once
    spent = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        pool.neighbours(texts, 10)
        spent.append(time.perf_counter() - started)
    each = statistics.median(spent) / len(texts) / len(pool)
    print(
        f"rouge | max, mean, ten best of {len(texts)} texts in a pool of {len(pool):,}"
        f" | {1e9 * each:.1f} ns a pair | rouge_score {1e6 * pair:.1f} us, {pair / each:,.0f}x"
    )


def memory(texts: list[str]) -> None:
    """What a kept instruction takes; its tokens are 4 B each and the words of the vocabulary."""
    tracemalloc.start()
    words = Vocabulary()
    for text in texts:
        words.numbers(rouge_tokens(text))
    vocabulary = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    pool = RougePool()
    hits = pool.add_novel(texts)
    tokens = sum(
        4 * len(rouge_tokens(text)) for text, hit in zip(texts, hits, strict=True) if hit is None
    )
    del hits
    held, peak = (size - vocabulary for size in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    kept = len(pool)
    print(
        f"rouge | memory, bytes for each of {kept:,} kept | tokens {tokens / kept:.0f}"
        f" | vocabulary {vocabulary / kept:.0f}"
        f" | beyond them {(held - tokens - vocabulary) / kept:.0f},"
        f" {(peak - tokens - vocabulary) / kept:.0f} at the peak (with the answers)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--full", action="store_true", help="a million candidates too")
    full = parser.parse_args().full
    texts = corpus(HUGE if full else MANY)
    searches = engines()
    pair = few(texts[:FEW], searches)
    pool = many(texts[:MANY], pair, ROUNDS, searches)
    statistics_mode(pool, texts[:256], pair)
    memory(texts[:MANY])
    if full:
        many(texts, pair, 1, searches)


if __name__ == "__main__":
    main()
