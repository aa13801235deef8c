"""Texts with near copies, from a seed."""

from __future__ import annotations

from functools import cache

import numpy as np

from limbeck.filters.minhash.shingles import word_shingles


def near_texts(count: int, seed: int = 0, share: float = 0.5) -> list[str]:
    """Texts of 0 to 100 words, a share of them copies of an earlier one, 0 to 3 words replaced."""
    random = np.random.default_rng(seed)
    words = [f"w{number}" for number in range(300)]
    lengths = (0, 2, 4, 5, 6, 30, 60, 100)
    made: list[list[str]] = []
    for _ in range(count):
        if made and random.random() < share:
            text = list(made[int(random.integers(len(made)))])
            for _ in range(int(random.integers(0, 4)) if text else 0):
                text[int(random.integers(len(text)))] = words[int(random.integers(300))]
        else:
            text = [words[int(word)] for word in random.integers(0, 300, random.choice(lengths))]
        made.append(text)
    return [" ".join(text) for text in made]


def exact(one: str, other: str, n: int = 5) -> float:
    """The Jaccard index by Python sets."""
    ours, theirs = _sets(one, n), _sets(other, n)
    return len(ours & theirs) / len(ours | theirs) if ours and theirs else 0.0


_sets = cache(word_shingles)
