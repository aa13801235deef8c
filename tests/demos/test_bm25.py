"""BM25 against its formula."""

from __future__ import annotations

import math
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.demos import selector
from limbeck.demos.bm25 import Bm25
from limbeck.errors import MissingExtra, UserError
from tests.demos.pools import demo, pool_of


def test_scores_computed_by_hand() -> None:
    """N = 3, mean length 3, each word in 2 of 3: idf = ln(1 + 1.5 / 2.5) = ln 1.6.

    d0: K = 1.5 (0.25 + 0.75 * 3 / 3) = 1.5,   2 * 1 / 2.5   = 0.8
    d1: K = 1.5 (0.25 + 0.75 * 4 / 3) = 1.875,     1 / 2.875
    d2: K = 1.5 (0.25 + 0.75 * 2 / 3) = 1.125,     2 / 3.125 = 0.64
    """
    pool = pool_of("The cat sat.", "The dog sat down!", "cat CAT")
    ids, scores = selector("bm25", pool).select("Cat sat?", 3)
    assert ids == ("d0", "d2", "d1")
    idf = 0.47000362924573563
    assert scores == pytest.approx((0.8 * idf, 0.64 * idf, idf / 2.875), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abcd猫"), min_size=1, max_size=6), min_size=1, max_size=6),
    st.lists(st.sampled_from("abcd猫x"), max_size=6),
    st.floats(0, 3),
    st.floats(0, 1),
)
def test_scores_are_those_of_the_formula(
    documents: list[list[str]], query: list[str], k1: float, b: float
) -> None:
    mean = sum(map(len, documents)) / len(documents)
    expected = []
    for document in documents:
        score = 0.0
        for word in query:
            df = sum(word in other for other in documents)
            tf = document.count(word)
            if tf:
                idf = math.log(1 + (len(documents) - df + 0.5) / (df + 0.5))
                score += idf * tf / (tf + k1 * (1 - b + b * len(document) / mean))
        expected.append(score)
    one = Bm25(pool_of(*map(" ".join, documents)), k1=k1, b=b)
    assert one.scores(" ".join(query)).tolist() == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_every_script_is_found() -> None:
    pool = pool_of("我喜欢这部电影", "un très beau film", "хороший фильм", "👍👍", "다른 것")
    for query, found in (("电影院", "d0"), ("TRÈS", "d1"), ("Фильм", "d2"), ("👍🏽", "d3")):
        assert selector("bm25", pool).select(query, 1).ids == (found,)


def test_a_document_can_have_its_output() -> None:
    pool = [demo("a", "x y", "good"), demo("b", "x z", "bad")]
    assert selector("bm25", pool).select("bad", 1).scores == (0.0,)
    found = selector("bm25", pool, document="input_output").select("bad", 1)
    assert found.ids == ("b",)
    assert found.scores[0] > 0


def test_texts_without_words_score_nothing() -> None:
    assert selector("bm25", pool_of("...", "?!")).select("cat", 2).scores == (0.0, 0.0)
    assert selector("bm25", pool_of("cat", "?!")).select("...", 2).scores == (0.0, 0.0)
    assert selector("bm25", pool_of("cat", "?!")).select("cat", 2).ids == ("d0", "d1")


def test_without_the_extra_the_line_to_install_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bm25s", None)
    with pytest.raises(MissingExtra, match=r'pip install .*\[retrieve\]"'):
        selector("bm25", pool_of("a"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"document": "output"}, "document is input or input_output, got 'output'"),
        ({"k1": -1}, "k1 of at least 0"),
        ({"b": 1.5}, "b from 0 to 1, got 1.5 and 1.5"),
        ({"b": math.nan}, "b from 0 to 1"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, float], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        selector("bm25", pool_of("a"), **options)
