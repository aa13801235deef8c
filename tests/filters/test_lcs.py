"""The longest common subsequence and the F-measure, against the plain definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import _score_lcs

from limbeck.filters.lcs import fmeasure, fmeasures, lcs_length, position_masks

TOKENS = st.lists(st.integers(0, 5), max_size=90)


def table(one: list[int], other: list[int]) -> int:
    row = [0] * (len(other) + 1)
    for a in one:
        above = row
        row = [0]
        for place, b in enumerate(other):
            row.append(above[place] + 1 if a == b else max(above[place + 1], row[place]))
    return row[-1]


@settings(max_examples=80, deadline=None)
@given(TOKENS, TOKENS)
def test_the_length_is_that_of_the_table(one: list[int], other: list[int]) -> None:
    assert lcs_length(position_masks(one), len(one), other) == table(one, other)


@settings(max_examples=80, deadline=None)
@given(TOKENS, TOKENS)
def test_the_f_measure_is_that_of_rouge_score(one: list[int], other: list[int]) -> None:
    expected = _score_lcs(one, other).fmeasure
    assert fmeasure(table(one, other), len(one), len(other)) == expected


@pytest.mark.parametrize("repeat", [1, 200])
def test_many_f_measures_are_those_of_one_by_one(repeat: int) -> None:
    """Once by arithmetic, once through the table that a large pool takes."""
    for n in range(40):
        triples = [(lcs, m) for m in range(40) for lcs in range(min(n, m) + 1)] * repeat
        lcs, m = np.array(triples, np.uint32).T
        found = fmeasures(lcs.astype(np.uint8), n, m.astype(np.int32))
        assert found.tolist() == [fmeasure(one, n, other) for one, other in triples]
        if repeat > 1 and n > 3:
            break
