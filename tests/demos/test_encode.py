"""The built-in encoder against an n-gram model without hashing; an encoder that remembers."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.demos import NgramEncoder, Remembered
from limbeck.errors import UserError
from tests.demos.pools import Given, texts


def ngrams(text: str) -> Counter[str]:
    text = f" {text} "
    return Counter(text[i : i + n] for n in (2, 3, 4) for i in range(len(text) - n + 1))


def cosine(a: str, b: str, fitted: list[str]) -> float:
    """By dictionaries, in float64."""

    def weights(text: str) -> dict[str, float]:
        return {
            gram: (1 + math.log(count))
            * (1 + math.log((1 + len(fitted)) / (1 + sum(gram in ngrams(t) for t in fitted))))
            for gram, count in ngrams(text).items()
        }

    one, other = weights(a), weights(b)
    dot = sum(weight * other.get(gram, 0) for gram, weight in one.items())
    return dot / math.sqrt(sum(w * w for w in one.values()) * sum(w * w for w in other.values()))


@pytest.mark.parametrize("fitted", [[], ["banana band", "我喜欢猫", "我喜欢我", "naïve 👍"]])
def test_cosines_are_those_without_hashing(fitted: list[str]) -> None:
    pairs = [
        ("banana", "bandana"),
        ("我喜欢猫", "我喜欢狗"),
        ("naïve 👍", "naive 👍"),
        ("好", "好的"),
    ]
    encoder = NgramEncoder(fitted, size=1 << 18)  # so large that nothing collides
    for a, b in pairs:
        one, other = encoder.encode([a, b])
        assert float(one @ other) == pytest.approx(cosine(a, b, fitted), abs=1e-6)


def test_collisions_cancel_on_average() -> None:
    """Without signs, texts that share nothing would be similar in few numbers: near 0.8 here."""
    words = [f"{chr(0x4E00 + n)}{chr(0x5E00 + n)}{chr(0x6E00 + n)}" * 3 for n in range(60)]
    vectors = NgramEncoder(size=32).encode(words)
    cosines = (vectors @ vectors.T)[np.triu_indices(60, 1)]
    assert abs(float(cosines.mean())) < 0.02


def test_the_hash_is_the_same_everywhere() -> None:
    """Computed once more, in Python's whole numbers."""
    mask = (1 << 64) - 1
    expected = np.zeros(50)
    for gram in (" é", "é👍", "👍 "):
        number = 2
        for char in gram:
            number = (number * 0x9E3779B97F4A7C15 + ord(char)) & mask
        number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & mask
        number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & mask
        number ^= number >> 31
        expected[(number >> 32) % 50] += 1 if number % 2 else -1
    found = NgramEncoder(shortest=2, longest=2, size=50).encode(["É👍"])[0]
    assert found == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)


def test_case_width_and_spaces_make_no_difference() -> None:
    first, second, third = NgramEncoder().encode(["Ｔrès  BIEN", "très bien", "tres bien"])
    assert first.tolist() == second.tolist() != third.tolist()


@settings(max_examples=50)
@given(st.lists(texts, max_size=4))
def test_rows_have_length_1_and_do_not_depend_on_each_other(found: list[str]) -> None:
    encoder = NgramEncoder(found)
    vectors = encoder.encode(found)
    assert vectors.dtype == np.dtype(np.float32)
    assert vectors.shape == (len(found), 2048)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(found)), abs=1e-6)
    for text, vector in zip(found, vectors, strict=True):
        assert encoder.encode([text])[0].tolist() == vector.tolist()


def test_a_text_of_spaces_is_zero_and_half_a_character_is_read() -> None:
    vectors = NgramEncoder().encode(["", " \n", "\ud83d"])
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([0, 0, 1])


@pytest.mark.parametrize(("shortest", "longest", "size"), [(0, 2, 8), (3, 2, 8), (1, 2, 0)])
def test_sizes_that_make_no_sense_are_refused(shortest: int, longest: int, size: int) -> None:
    with pytest.raises(UserError, match="at least 1"):
        NgramEncoder(shortest=shortest, longest=longest, size=size)


def test_what_is_remembered_is_encoded_once() -> None:
    given = Given({"a": (1, 2), "b": (3, 4), "猫": (5, 6)})
    encoder = Remembered(given)
    assert encoder.encode(["b", "a", "b"]).tolist() == [[3, 4], [1, 2], [3, 4]]
    assert encoder.encode(["猫", "a"]).tolist() == [[5, 6], [1, 2]]
    assert given.asked == ["b", "a", "猫"]
    assert len(encoder.encode([])) == 0
