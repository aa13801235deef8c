"""The F-measure of pairs and of whole rows, against rouge_score and the plain definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import _score_lcs

from limbeck.filters.bags import Bags
from limbeck.filters.lcs import fmeasures, pair_scores, row_scores

TEXTS = st.lists(st.lists(st.integers(0, 5), max_size=90), min_size=1, max_size=4)


def bags(texts: list[list[int]]) -> Bags:
    tokens = np.array([token for text in texts for token in text], np.uint32)
    return Bags.of(tokens, np.array([len(text) for text in texts], np.int32))


def f_measure(lcs: int, n: int, m: int) -> float:
    if not lcs:
        return 0.0
    precision, recall = lcs / n, lcs / m
    return 2 * precision * recall / (precision + recall)


@settings(max_examples=80, deadline=None)
@given(TEXTS, TEXTS)
def test_the_score_of_pairs_is_that_of_rouge_score(
    ours: list[list[int]], theirs: list[list[int]]
) -> None:
    pairs = [(q, item) for q in range(len(ours)) for item in range(len(theirs))]
    q, item = np.array(pairs).T
    found = pair_scores(bags(ours), q, bags(theirs), item)
    assert found.tolist() == [_score_lcs(ours[a], theirs[b]).fmeasure for a, b in pairs]


@pytest.mark.parametrize("repeat", [1, 200])
def test_the_scores_of_a_row_are_those_of_one_by_one(repeat: int) -> None:
    """Once by arithmetic, once through the table that a large pool takes."""
    for n in range(40):
        triples = [(lcs, m) for m in range(40) for lcs in range(min(n, m) + 1)] * repeat
        lcs, m = np.array(triples, np.uint32).T
        expected = [f_measure(one, n, other) for one, other in triples]
        assert row_scores(lcs.astype(np.uint8), n, m.astype(np.int32)).tolist() == expected
        assert fmeasures(lcs, np.full(len(m), n), m).tolist() == expected
        if repeat > 1 and n > 3:
            break
