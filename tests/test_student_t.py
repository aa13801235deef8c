"""Quantiles of Student's t, against scipy, tables and closed forms."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.student_t import t_quantile


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 8, 29, 30, 101, 1000, 5001])
@pytest.mark.parametrize("p", [0.001, 0.025, 0.4, 0.5, 0.9, 0.975, 0.9999])
def test_it_is_scipys(p: float, degrees: int) -> None:
    special = pytest.importorskip("scipy.special")
    assert t_quantile(p, degrees) == pytest.approx(
        float(special.stdtrit(degrees, p)), rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize(
    ("degrees", "value"), [(1, 12.706), (2, 4.303), (7, 2.365), (30, 2.042), (120, 1.980)]
)
def test_it_is_that_of_the_printed_table(degrees: int, value: float) -> None:
    assert round(t_quantile(0.975, degrees), 3) == value


@given(st.floats(0.501, 0.999))
def test_one_and_two_degrees_have_closed_forms(p: float) -> None:
    assert t_quantile(p, 1) == pytest.approx(math.tan(math.pi * (p - 0.5)), rel=1e-9)
    middle = (2 * p - 1) * math.sqrt(2 / (4 * p * (1 - p)))
    assert t_quantile(p, 2) == pytest.approx(middle, rel=1e-9)
    assert t_quantile(1 - p, 2) == pytest.approx(-middle, rel=1e-9)


@pytest.mark.parametrize(
    ("p", "degrees", "said"),
    [(0.0, 3, "between 0 and 1, got 0.0"), (1.0, 3, "got 1.0"), (0.9, 0, "at least one .* got 0")],
)
def test_what_has_no_quantile_is_refused(p: float, degrees: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        t_quantile(p, degrees)
