"""How near instructions are to the seeds and to each other, as histograms of ROUGE-L."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

from limbeck.audit.keys import digest
from limbeck.filters.rouge import RougePool
from limbeck.filters.rouge_tokens import Tokenizer

PAIRS = 2 * 10**8  # compared at most, some 30 ns each: 14,000 instructions with each other
BINS = 10
_BLOCK = 4096


def to_seeds(
    texts: Sequence[str], seeds: Sequence[str], tokenizer: Tokenizer, threshold: float
) -> dict[str, Any]:
    """The best score of each text with any seed. `verbatim` counts those equal to one (1.0)."""
    asked = drawn(texts, PAIRS // max(1, len(seeds)))
    pool = _pool(seeds, tokenizer, threshold)
    scores = [best[0][1] if best else 0.0 for best in _best(pool, texts, asked, 1)]
    return histogram(scores, threshold) | {"of": len(texts), "seeds": len(seeds)}


def to_others(texts: Sequence[str], tokenizer: Tokenizer, threshold: float) -> dict[str, Any]:
    """The best score of each of the distinct texts with any other one of them."""
    asked = drawn(texts, PAIRS // max(1, len(texts)))
    pool = _pool(texts, tokenizer, threshold)
    scores = []
    for place, best in zip(asked, _best(pool, texts, asked, 2), strict=True):
        others = [score for item, score in best if item != place]
        scores.append(max(others, default=0.0))
    return histogram(scores, threshold) | {"of": len(texts)}


def drawn(texts: Sequence[str], most: int) -> list[int]:
    """The places of all texts, or of the `most` with the smallest hashes, in order: a sample that
    needs no seed, and is the same in every order of the texts."""
    if len(texts) <= most:
        return list(range(len(texts)))
    hashes = ((digest([text]), place) for place, text in enumerate(texts))
    return sorted(place for _, place in heapq.nsmallest(most, hashes))


def _pool(texts: Sequence[str], tokenizer: Tokenizer, threshold: float) -> RougePool:
    pool = RougePool(tokenizer, threshold)
    for text in texts:
        pool.add(text)
    return pool


def _best(
    pool: RougePool, texts: Sequence[str], asked: Sequence[int], n: int
) -> list[list[tuple[int, float]]]:
    found = []
    for start in range(0, len(asked), _BLOCK):
        block = [texts[place] for place in asked[start : start + _BLOCK]]
        found += [near.top for near in pool.neighbours(block, n)]
    return found


def histogram(scores: Sequence[float], threshold: float) -> dict[str, Any]:
    """Ten bins [0, 0.1), ..., [0.9, 1]; how many are above the threshold, and equal to 1."""
    bins = [0] * BINS
    for score in scores:
        bins[min(BINS - 1, int(score * BINS))] += 1
    return {
        "measured": len(scores),
        "bins": bins,
        "mean": sum(scores) / len(scores) if scores else None,
        "above_threshold": sum(score > threshold for score in scores),
        "same_words": sum(score == 1.0 for score in scores),
        "threshold": threshold,
    }
