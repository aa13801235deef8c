"""Scores of several tasks as those of one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.evals.shared import together


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(st.floats(-3, 3), min_size=2, max_size=9), min_size=1, max_size=4),
)
def test_pooled_scores_have_the_mean_and_the_variance_of_strata(tasks: list[list[float]]) -> None:
    parts = [np.array(task) for task in tasks]
    made = together(parts)
    assert made.mean() == pytest.approx(np.mean([part.mean() for part in parts]), abs=1e-9)
    of_mean = ((made - made.mean()) ** 2).sum() / len(made) ** 2
    strata = sum(((p - p.mean()) ** 2).sum() / len(p) ** 2 for p in parts) / len(parts) ** 2
    assert of_mean == pytest.approx(strata, abs=1e-9)
