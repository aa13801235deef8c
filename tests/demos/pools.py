"""Small pools, and an encoder whose vectors are given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from limbeck.demos import Demo

WORDS = ("cat", "dog", "sat", "très", "bien", "我", "喜欢", "电影", "ดี", "👍", "❤️", "naïve", "!")
LABELS = ("good", "bad", "差")


def demo(
    name: str, text: str, output: str = "good", options: tuple[str, ...] = LABELS, task: str = "t"
) -> Demo:
    return Demo(name, task, text, output, options)


def pool_of(*texts: str) -> list[Demo]:
    """Demos d0, d1, ... with these inputs; the labels take turns."""
    return [demo(f"d{n}", text, LABELS[n % 3]) for n, text in enumerate(texts)]


class Given:
    """An encoder of known vectors; counts what it is asked."""

    def __init__(self, vectors: Mapping[str, Sequence[float]]) -> None:
        self.vectors = vectors
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        self.asked += texts
        return np.array([self.vectors[text] for text in texts], np.float32)


def angles(**degrees: float) -> Given:
    """An encoder of unit vectors in the plane; cosines are those of the differences."""
    radians = {text: math.radians(angle) for text, angle in degrees.items()}
    return Given({text: (math.cos(a), math.sin(a)) for text, a in radians.items()})


texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
pools = st.lists(texts, max_size=9).map(lambda found: pool_of(*found))
