"""The selector of trained encoders: demos by inputs and outputs, the query by its input."""

from __future__ import annotations

import pytest

from limbeck.demos import Demo, NgramEncoder, selector
from limbeck.demos.learned import document
from limbeck.registry import OptionError
from tests.demos.pools import LABELS, Given, pool_of


def test_a_demo_is_encoded_with_its_output() -> None:
    pool = [Demo("d0", "t", "a", "good", LABELS), Demo("d1", "t", "a", "差", LABELS)]
    encoder = Given({"a\ngood": (1, 0), "a\n差": (0.6, 0.8), "q": (0, 2)})
    found = selector("learned", pool, encoder=encoder).select("q", 2)
    assert found.ids == ("d1", "d0")
    assert found.scores == pytest.approx((0.8, 0))
    assert encoder.asked == ["a\ngood", "a\n差", "q"]


def test_none_is_the_n_grams_of_the_documents() -> None:
    pool = pool_of("我喜欢这部电影", "un très beau film", "👍👍👍")
    texts = [document(demo) for demo in pool]
    by_name = selector("learned", pool, encoder=NgramEncoder(texts))
    found = selector("learned", pool, encoder=None).select("这部电影 👍", 3)
    assert found == by_name.select("这部电影 👍", 3)
    assert found.ids[0] == "d0"


def test_an_encoder_is_asked_for() -> None:
    with pytest.raises(OptionError, match="'learned' needs the option 'encoder'"):
        selector("learned", pool_of("a"))
