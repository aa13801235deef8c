"""Plain forms: digits and signs of every script, markdown and LaTeX off, meaning kept."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.filters.answer.plain import plain, visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u200bb\ufeff", "ab"),
        ("a\u00a0b\u3000c", "a b c"),
        ("cafe\u0301", "café"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\n\nd"),
        ("a\tb", "a b"),
    ],
)
def test_what_no_reader_sees_is_gone(text: str, seen: str) -> None:
    assert visible(text) == seen


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("**12**", "12"),
        ("__12__", "12"),
        ("*12* apples", "12 apples"),
        ("`12`", "12"),
        ("2 * 3", "2 * 3"),
        ("2*3", "2*3"),
        ("10**3", "10**3"),
        ("snake_case_name", "snake_case_name"),
        ("٣٫١٤", "3.14"),
        ("१२", "12"),
        ("１，２３４．５", "1,234.5"),
        ("−5", "-5"),
        ("½", "1/2"),
        ("2½", "2 1/2"),
        ("10³", "10^3"),
        ("10⁻³", "10^-3"),
        ("25％", "25%"),
        ("Ｂ", "B"),
        ("“a”", '"a"'),
        ("<<5+7=12>>12", "12"),
        ("$12$", " 12 "),
        ("$12", "$12"),
        ("$5 and $6", "$5 and $6"),
        ("$x = 12$", " x = 12 "),
        ("\\$12", "$12"),
        ("$\\$12$", " $12 "),
        ("12\\%", "12%"),
        ("1{,}234", "1,234"),
        ("\\frac{3}{4}", "3/4"),
        ("2\\frac{3}{4}", "2 3/4"),
        ("\\frac34", "3/4"),
        ("\\text{12 cm}", "12 cm"),
        ("\\textbf{\\text{B}}", "B"),
        ("3 \\times 4 \\approx 12", "3 × 4 ≈ 12"),
        ("90^\\circ", "90°"),
    ],
)
def test_dressing_is_taken_off(text: str, form: str) -> None:
    assert plain(visible(text)) == form


@given(st.text(max_size=60))
@settings(deadline=None)
def test_nothing_breaks_it(text: str) -> None:
    assert isinstance(plain(visible(text)), str)
