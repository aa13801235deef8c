"""Dense retrieval: by the encoder that is given, else by n-grams of the pool."""

from __future__ import annotations

import pytest

from limbeck.demos import selector
from tests.demos.pools import Given, angles, pool_of


def test_the_greatest_cosine_is_first() -> None:
    encoder = angles(a=90, b=60, c=0, q=0)
    found = selector("dense", pool_of("a", "b", "c"), encoder=encoder).select("q", 2)
    assert found.ids == ("d2", "d1")
    assert found.scores == pytest.approx((1, 0.5))


def test_vectors_are_normalised() -> None:
    encoder = Given({"a": (100, 100), "b": (0.1, 0), "q": (7, 0)})
    assert selector("dense", pool_of("a", "b"), encoder=encoder).select("q", 2).ids == ("d1", "d0")


def test_without_an_encoder_every_script_is_found() -> None:
    pool = pool_of("我喜欢这部电影", "un très beau film", "хороший фильм", "👍👍👍", "나는 좋다")
    one = selector("dense", pool)
    for query, found in (
        ("这部电影不好", "d0"),
        ("TRÈS beaux films", "d1"),
        ("фильмы", "d2"),
        ("👍", "d3"),
        ("좋다", "d4"),
    ):
        assert one.select(query, 1).ids == (found,)


def test_the_pool_is_encoded_once() -> None:
    encoder = angles(a=0, b=1, q=2)
    one = selector("dense", pool_of("a", "b", "a"), encoder=encoder)
    one.select("q", 1)
    one.select("q", 1)
    assert encoder.asked == ["a", "b", "q", "q"]
