"""The bag of n-grams against sums by dictionaries in float64."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from limbeck.demos.encode import ngram_hashes
from limbeck.encoders import BagShape, NgramBag
from limbeck.errors import DataError, UserError

SHAPE = BagShape(buckets=64, size=24)
TEXTS = ["banana band", "我喜欢猫", "naïve 👍", "banana"]


def bag(shape: BagShape = SHAPE) -> NgramBag:
    return NgramBag(shape, shape.drawn("x", 3), shape.rarity(TEXTS))


def by_hand(text: str, one: NgramBag) -> np.ndarray:
    """The same by Python's numbers, an n-gram at a time."""
    of = {n: int(h) for n, h in enumerate(ngram_hashes(text, 2, 4))}
    counts = Counter(of.values())
    df: Counter[int] = Counter()
    for known in TEXTS:
        df.update({(int(h) >> 32) % 64 for h in ngram_hashes(known, 2, 4)})
    weights: dict[int, float] = {}
    for number, count in counts.items():
        place = (number >> 32) % 64
        rarity = 1 + math.log((1 + len(TEXTS)) / (1 + df[place]))
        sign = 1 if number % 2 else -1
        weights[place] = weights.get(place, 0.0) + sign * (1 + math.log(count)) * rarity
    length = math.sqrt(sum(w * w for w in weights.values())) or 1.0
    total = np.zeros(24)
    for place, weight in weights.items():
        total += weight / length * one.vectors[place].astype(np.float64)
    return total


@pytest.mark.parametrize("text", [*TEXTS, "new words 狗", "aaaa aaaa", " \n"])
def test_a_vector_is_the_weighted_sum_of_its_n_grams(text: str) -> None:
    one = bag()
    [found] = one.encode([text])
    assert found == pytest.approx(by_hand(text, one), abs=1e-5)
    assert bool(found.any()) == bool(text.strip())


def test_drawn_vectors_keep_the_cosines_of_n_grams() -> None:
    """So that nothing trained is a retriever by n-grams already."""
    shape = BagShape(size=1024)
    one = NgramBag(shape, shape.drawn("x"), shape.rarity([]))
    vectors = one.encode(["the banana", "the bananas", "une banane", "我喜欢猫", "我喜欢狗"])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=0.1)
    cosines = vectors @ vectors.T
    assert cosines[0, 1] > 0.7
    assert cosines[0, 1] > cosines[0, 2] + 0.2 > 0.2
    assert cosines[3, 4] > 0.2
    assert abs(cosines[0, 3]) < 0.12


def test_draws_hang_on_the_key_alone() -> None:
    first = SHAPE.drawn("x", 3)
    assert first.tolist() == SHAPE.drawn("x", 3).tolist() != SHAPE.drawn("x", 4).tolist()
    assert np.abs(first) == pytest.approx(24**-0.5)
    assert abs(float(np.sign(first).mean())) < 0.1


def test_what_is_written_is_read(tmp_path: Path) -> None:
    one = bag()
    one.save(tmp_path)
    again = NgramBag.load(tmp_path, SHAPE)
    assert again.encode(TEXTS).tobytes() == one.encode(TEXTS).tobytes()
    assert {path.suffix for path in tmp_path.iterdir()} == {".npy"}


def test_files_that_are_not_whole_are_told(tmp_path: Path) -> None:
    one = bag()
    one.save(tmp_path)
    with pytest.raises(DataError, match=r"does not hold float32 numbers of shape \(32, 24\)"):
        NgramBag.load(tmp_path, BagShape(buckets=32, size=24))
    path = tmp_path / "vectors.npy"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"cannot read .*vectors.npy"):
        NgramBag.load(tmp_path, SHAPE)
    np.save(path, np.array([{}]), allow_pickle=True)
    with pytest.raises(DataError, match=r"cannot read .*vectors.npy"):
        NgramBag.load(tmp_path, SHAPE)
    np.save(path, np.full((64, 24), np.nan, np.float32))
    with pytest.raises(DataError, match="does not hold"):
        NgramBag.load(tmp_path, SHAPE)
    path.unlink()
    with pytest.raises(DataError, match="make the retriever again"):
        NgramBag.load(tmp_path, SHAPE)


def test_shapes_that_make_no_sense() -> None:
    with pytest.raises(UserError, match="from 3 to 2"):
        BagShape(shortest=3, longest=2)
    with pytest.raises(UserError, match="got 0 and 128"):
        BagShape(buckets=0)
